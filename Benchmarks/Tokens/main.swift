import Execution
import ForeignInput
import FoundationEssentials
import JWTKit
import Tokens

// Verifies one access token over and over, in turn by two ways, and prints the medians:
// JWTKit's key collection, an actor, on a thread's own executor; and Postern's key ring, which
// calls JWTKit's algorithm directly.

struct Payload: JWTPayload {
  let user: AccessClaims.User
  let sub, sid, jti, iss: String
  let iat, exp: Int

  func verify(using algorithm: some JWTAlgorithm) throws {}
}

let secret = "a-secret-for-measuring-RtmAWesul16opgWHDDop0hObIW7BJDglhI8f"
let rounds = 31
let verifications = 2_000
let executor = ThreadExecutor()

let (collection, ring, token) = try ThreadExecutor.run {
  let collection = JWTKeyCollection()
  let key = try KeySecret(text: secret, type: AccessClaims.type)
  await collection.add(
    hmac: .init(from: secret), digestAlgorithm: .sha256, kid: .init(string: key.id))
  let ring = try KeyRing<AccessClaims>(KeySet(signing: key))
  let issuer = TokenIssuer(access: ring, refresh: try KeyRing(KeySet(signing: key)))
  let token = try issuer.tokens(
    for: .init(id: UUID().uuidString, email: "alice@example.com", username: "alice"),
    session: UUID().uuidString, refresh: (UUID().uuidString, 0, 0), at: Date()
  ).accessToken
  return (collection, ring, token)
}

func microseconds(_ body: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(body) / .microseconds(1) / Double(verifications)
}

var collectionTimes: [Double] = []
var ringTimes: [Double] = []
for _ in 0..<rounds {
  collectionTimes.append(
    microseconds {
      // One hand-over to the executor a verification, as one request is.
      for _ in 0..<verifications {
        let isGood = executor.run {
          (try? await collection.verify(token, as: Payload.self)) != nil
        }
        precondition(isGood)
      }
    })
  ringTimes.append(
    microseconds {
      for _ in 0..<verifications {
        let isGood = executor.run { (try? ring.verify(ForeignText(token))) != nil }
        precondition(isGood)
      }
    })
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
func shown(_ value: Double) -> String { String(Int((value * 10).rounded())).withPoint }

extension String {
  /// Tenths as a decimal number.
  var withPoint: String { "\(dropLast().isEmpty ? "0" : dropLast()).\(suffix(1))" }
}

print("access token verified, median of \(rounds) rounds of \(verifications), in turn:")
print("  JWTKit's key collection  \(shown(median(collectionTimes))) µs")
print("  Postern's key ring       \(shown(median(ringTimes))) µs")
