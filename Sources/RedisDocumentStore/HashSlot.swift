/// The part of a Redis Cluster that a key belongs to (Redis Cluster specification, "Key distribution
/// model"): CRC16 (XMODEM) of what is between the first `{` and the next `}`, if that is anything,
/// else of the whole key, modulo 16384.
func hashSlot(of key: [UInt8]) -> UInt16 {
  var hashed = key[...]
  if let open = key.firstIndex(of: UInt8(ascii: "{")),
    let close = key[open...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
  {
    hashed = key[(open + 1)..<close]
  }
  return hashed.reduce(into: UInt16(0)) { crc, byte in
    crc ^= UInt16(byte) << 8
    for _ in 0..<8 { crc = crc & 0x8000 == 0 ? crc << 1 : crc << 1 ^ 0x1021 }
  } % 16_384
}
