extension Password {
  /// That of the accounts which `postern demo` makes. Everybody knows it.
  public static let ofDemo = "postern-demo"

  public var isOfDemo: Bool { text == Self.ofDemo }
}
