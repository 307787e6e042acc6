import Glibc
import Logging
import SystemCalls

/// The supervisor's own program. After a reload with another program, the process goes on with it: the
/// process, its children, sockets and locks stay, so nobody else notices.
extension Supervisor {
  mutating func noteProgram() {
    guard let own = try? System.pin("/proc/self/exe"),
      (try? isSameFile(own, plan.program)) == false
    else { return }
    isToBeRenewed = plan.canSupervise
    if !plan.canSupervise {
      logger.warning("the program of now cannot supervise these workers: restart postern for that")
    }
  }

  private func isSameFile(_ one: FileDescriptor, _ other: FileDescriptor) throws -> Bool {
    let (one, other) = (try System.status(of: one), try System.status(of: other))
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
  }

  /// Returns where it is not due, or cannot be done.
  mutating func renewIfDue() {
    guard isToBeRenewed, let state = SupervisorState(self) else { return }
    isToBeRenewed = false
    do {
      let file = try state.file()
      logger.notice("the supervisor goes on with the program of now")
      let kept = state.descriptors.map { FileDescriptor($0) }
      for descriptor in kept { descriptor.disown() }
      try System.goOn(
        with: plan.program, named: program, ["serve", "--takes-over", "\(file.number)"] + options,
        keeping: kept + [file])
    } catch {
      logger.error(
        "the supervisor stays with the program of its start", metadata: ["error": "\(error)"])
    }
  }
}
