import ArgumentParser

struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key",
    abstract: "List, add, rotate and retire the keys that sign tokens.",
    discussion: """
      The keys are in keys.json in the data folder. All commands may run beside a running service: \
      it has the keys of its start until a reload, which the commands that change them ask for. \
      Docs/keys.md says what happens at each step. The hosts of one store have the same keys: \
      copy keys.json to the others, and reload there, within the two minutes before a new key signs.

      Exit status: 0 done; 1 not done, and nothing is changed; 64 the command line cannot be \
      understood; 75 the keys are changed, but the running service did not take them; \
      78 keys.json cannot be used, or the keys come from the environment (POSTERN_TOKENS_ACCESS_SECRET, \
      POSTERN_TOKENS_REFRESH_SECRET), and are changed there.

        postern key rotate
      """,
    subcommands: [List.self, Add.self, Rotate.self, Retire.self, Publish.self])
}
