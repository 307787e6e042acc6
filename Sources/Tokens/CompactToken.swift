import ForeignInput

/// A token's three parts as they were sent (RFC 7515 §7.1), none of them decoded yet.
struct CompactToken {
  /// What the signature covers: the first two parts and the dot between them.
  let signingInput: ArraySlice<UInt8>
  let encodedHeader: ArraySlice<UInt8>
  let encodedPayload: ArraySlice<UInt8>
  let encodedSignature: ArraySlice<UInt8>

  /// Longer tokens are refused unread: ours have well under 1,500 bytes.
  private static let longest = 4096

  init(_ token: ForeignText) throws(TokenError) {
    guard token.bytes.count <= Self.longest else { throw .malformed }
    let parts = token.bytes.parts(between: ".")
    guard parts.count == 3 else { throw .malformed }
    encodedHeader = parts[0]
    encodedPayload = parts[1]
    encodedSignature = parts[2]
    signingInput = token.bytes[..<encodedPayload.endIndex]
  }
}
