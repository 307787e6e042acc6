import Glibc
import Synchronization

/// An open file or socket, closed when nothing refers to it any longer.
public final class FileDescriptor: Sendable {
  public let number: Int32
  private let isOwned = Atomic(true)

  public init(_ number: Int32) { self.number = number }

  /// Leaves closing to other code, or says that other code has closed it.
  public func disown() { isOwned.store(false, ordering: .relaxed) }

  /// An error of close(2) says nothing here: whatever must be durable was synced before.
  deinit {
    if isOwned.load(ordering: .relaxed) { close(number) }
  }
}
