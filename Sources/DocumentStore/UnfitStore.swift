/// The servers of a store answer, and are set up such that it must not be used. Its description tells
/// the operator what to mend.
public struct UnfitStore: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
