/// The version of Postern, as `postern --version` prints it (semver.org).
public let version = "0.2.0"
