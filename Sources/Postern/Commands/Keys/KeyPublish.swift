import ArgumentParser
import FoundationEssentials
import SystemCalls
import Tokens

extension KeyCommand {
  struct Publish: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the keys of this host those that all hosts of the store must have.",
      discussion: """
        A shared store has a digest of each key, by which a host with other keys refuses to start: \
        tokens of one host would be refused by another. The commands that change keys.json change \
        that too. This one is for secrets that were changed in the environment, and for keys that \
        were lost and made anew: then the other hosts need them as well before they start again.

          postern key publish
        """)

    @OptionGroup var settings: SettingsOptions

    func run() throws {
      System.forbidDumps()
      let configuration = try settings.load()
      guard configuration.store.isShared else {
        throw ConfigurationError("store is \(configuration.store): it is of this machine alone")
      }
      guard try Services.hasKeys(configuration) else {
        throw ConfigurationError("there is no keys.json in \(configuration.data)")
      }
      let store = try openStore(configuration, ifMissing: .refuse())
      let keys = try SharedKeys(Services.keys(configuration), at: Date())
      try SharedKeys.publish(keys, in: store)
      print("All hosts must have the \(keys.keys.count) keys of this one")
    }
  }
}
