/// The version of Postern, as `postern --version` and the Debian package have it.
public let version = "0.2.0"
