/// The page for people.
struct PageController: Sendable {
    var routes: [Route] { [] }
}
