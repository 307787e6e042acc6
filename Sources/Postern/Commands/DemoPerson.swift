import Accounts
import JobsModule

/// An invented person of the demo. Their addresses and numbers belong to nobody.
struct DemoPerson {
  let username: String
  let profile: User.Profile
  private let history:
    [(company: String, title: String, days: String, skills: String, team: String, ein: String)]

  func jobs(ofUser id: String) -> [Job] {
    history.enumerated().map { index, job in
      let days = job.days.split(separator: "/", omittingEmptySubsequences: false)
      return Job(
        id: "\(username)-\(index + 1)", userID: id, companyName: job.company, title: job.title,
        firstDate: String(days[0]), lastDate: String(days[1]), skills: job.skills,
        department: job.team, ein: job.ein)
    }
  }

  static let all = [
    DemoPerson(
      username: "alice",
      profile: User.Profile(
        email: "alice@example.com", firstName: "Alice", lastName: "Thornfield", gender: "female",
        phone: "+1 555 0101", city: "Harbour Mills"),
      history: [
        (
          "Lantern & Quay", "Lighthouse Engineer", "2021-03-01/", "optics, night shifts, Swift",
          "Beacons", "00-1000011"
        ),
        (
          "Bluebell Ferries", "Timetable Planner", "2018-05-14/2021-02-26", "graphs, patience",
          "Operations", "00-1000012"
        ),
        (
          "Tidewater Press", "Proof Reader", "2016-09-05/2018-05-11", "spelling, red ink",
          "Almanacs", "00-1000013"
        ),
      ]),
    DemoPerson(
      username: "bob",
      profile: User.Profile(
        email: "bob@example.com", firstName: "Bob", lastName: "Asherwood", gender: "male",
        phone: "+1 555 0102", city: "Cedar Gate"),
      history: [
        (
          "Hollow Oak Clocks", "Escapement Designer", "2019-11-04/", "brass, tolerances",
          "Workshop", "00-1000021"
        ),
        (
          "Paper Kite Works", "Wind Tester", "2017-02-20/2019-10-31", "string, weather maps",
          "Field Trials", "00-1000022"
        ),
        (
          "Millpond Radio", "Night Presenter", "2014-06-02/2017-02-17", "voice, vinyl",
          "Programmes", "00-1000023"
        ),
        (
          "Gatehouse Bakery", "Apprentice", "2012-08-06/2014-05-30", "rye, early rising", "Ovens",
          "00-1000024"
        ),
      ]),
    DemoPerson(
      username: "carol",
      profile: User.Profile(
        email: "carol@example.com", firstName: "Carol", lastName: "Venn", gender: "female",
        phone: "+1 555 0103", city: "Upper Larkrise"),
      history: [
        (
          "Meridian Maps", "Cartographer", "2020-01-13/", "projections, ink, SQL", "Coastlines",
          "00-1000031"
        ),
        (
          "Snowline Observatory", "Data Keeper", "2017-04-03/2020-01-10", "tape, backups",
          "Archive", "00-1000032"
        ),
        (
          "Copperleaf Tea", "Blender", "2015-10-19/2017-03-31", "taste, ledgers", "Tasting Room",
          "00-1000033"
        ),
      ]),
  ]
}
