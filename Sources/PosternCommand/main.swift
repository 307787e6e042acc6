import Postern

Postern.run(modules: Postern.standardModules)
