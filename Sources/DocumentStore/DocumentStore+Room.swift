extension DocumentStore {
  public func requireRoom() throws {}
}
