import ArgumentParser
import Foundation
import Simulation

Simulate.main()
