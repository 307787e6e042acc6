/// The suite through each door but nginx's. Docs/servers.md says what to expect of each.

final class SpawnFCGIDoorTests: DoorTests {
  override class var door: Door { .spawnFCGI }
}

final class SocketActivationDoorTests: DoorTests {
  override class var door: Door { .socketActivation }
}

final class ApacheProxyDoorTests: DoorTests {
  override class var door: Door { .apacheProxy }
}

final class ApacheWorkersDoorTests: DoorTests {
  override class var door: Door { .apacheWorkers }
}

final class ApacheCGIDoorTests: DoorTests {
  override class var door: Door { .apacheCGI }
}

final class LighttpdSocketDoorTests: DoorTests {
  override class var door: Door { .lighttpdSocket }
}

final class LighttpdWorkersDoorTests: DoorTests {
  override class var door: Door { .lighttpdWorkers }
}

final class LighttpdCGIDoorTests: DoorTests {
  override class var door: Door { .lighttpdCGI }
}
