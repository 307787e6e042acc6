public import Glibc

extension System {
  /// pthread_create(3). Signals are blocked in the thread.
  public static func startThread(
    _ body: @escaping @Sendable () -> Void
  ) throws(SystemCallError) -> pthread_t {
    final class Body: Sendable {
      let run: @Sendable () -> Void
      init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    var thread = pthread_t()
    let argument = Unmanaged.passRetained(Body(body))
    let code = pthread_create(
      &thread, nil,
      { argument in
        System.blockSignals()
        if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
        return nil
      }, argument.toOpaque())
    guard code == 0 else {
      argument.release()
      throw SystemCallError(call: "pthread_create", code: code)
    }
    return thread
  }
}
