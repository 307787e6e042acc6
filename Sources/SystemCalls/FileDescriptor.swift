import Glibc

/// An open file or socket, closed when nobody refers to it any longer.
public final class FileDescriptor: Sendable {
  public let number: Int32

  public init(_ number: Int32) { self.number = number }

  /// An error of close(2) says nothing here: whatever must be durable was synced before.
  deinit { close(number) }
}
