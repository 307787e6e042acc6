import Postern

Postern.run(modules: Postern.standardModules + [NotesModule.self])
