import ArgumentParser
import MailAuthentication

/// Whose words in a mail are marked as trusted.
struct ClaimOptions: ParsableArguments {
    @Option(
        name: .customLong("trusted-authserv-id"),
        help: ArgumentHelp(
            "Mark the Authentication-Results of this host as trusted; may be repeated.",
            discussion: "The host must remove fields of its own name from what comes in. They stay claims of others.",
            valueName: "name"))
    var trustedAuthservIDs: [String] = []

    func validate() throws {
        guard trustedAuthservIDs.allSatisfy({ (1...DomainName.sizeMax).contains($0.utf8.count) }) else {
            throw ValidationError("--trusted-authserv-id has 1 to \(DomainName.sizeMax) bytes")
        }
        guard trustedAuthservIDs.count <= 50 else { throw ValidationError("at most 50 --trusted-authserv-id") }
    }
}
