import ArgumentParser
import Identities
import Ledger

/// How mail of an identity is sent.
struct IdentitySettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("selector"),
        help: ArgumentHelp("A DKIM selector that the hosts sign with; may be repeated.", valueName: "selector"))
    var selectors: [String] = []

    @Option(
        name: .customLong("address"),
        help: ArgumentHelp("The address of a host that sends; may be repeated.", valueName: "ip"))
    var addresses: [String] = []

    @Option(help: ArgumentHelp("The domain of the return path, if it is another one.", valueName: "domain"))
    var mailFromDomain: String?

    @Option(help: ArgumentHelp("The domain that signs (d=), if it is another one.", valueName: "domain"))
    var signingDomain: String?

    /// The settings; refused with the flag that is wrong.
    func settings() throws(Complaint) -> IdentitySettings {
        var members: [JSONValue.Member] = []
        if let mailFromDomain { members.append(.init("mail_from_domain", .string(mailFromDomain))) }
        if let signingDomain { members.append(.init("signing_domain", .string(signingDomain))) }
        members.append(.init("selectors", .array(selectors.map { .string($0) })))
        members.append(.init("addresses", .array(addresses.map { .string($0) })))
        do throws(Refusal) {
            return try IdentitySettings(json: .object(members))
        } catch {
            throw Complaint(error.description, next: "read `countersign identity add --help`", status: .usage)
        }
    }
}
