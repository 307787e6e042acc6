@_spi(_Unicode) import Swift

/// The text in Unicode Normalization Form C (UAX #15).
///
/// The one place that uses what the standard library does not promise: FoundationEssentials has no
/// such function, and Foundation's would add 40 MB to the program. Where `_nfc` is gone, this does
/// not compile; what has to take its place is in `ComposedTextTests`. Stored names and passwords
/// depend on each byte of the result.
func composed(_ text: String) -> String {
  String(String.UnicodeScalarView(text._nfc))
}
