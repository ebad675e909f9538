import ArgumentParser
import Files
import MailAuthentication
import NameResolution

/// How the name system is asked, and which list of public suffixes is compared with it.
struct NameOptions: ParsableArguments {
    /// Where Debian's package `publicsuffix` puts the list.
    private static let standardList = "/usr/share/publicsuffix/public_suffix_list.dat"
    /// Many times what the list has, in bytes.
    private static let listSizeMax = 16 << 20
    /// Where Debian's package `dns-root-data` puts the root's keys.
    private static let standardAnchors = "/usr/share/dns/root.key"

    @Option(
        name: .customLong("resolver"),
        help: ArgumentHelp(
            "Send DNS questions to this server; may be repeated.",
            discussion: "Without it the name system is asked from its root on.", valueName: "address@port"))
    var resolvers: [String] = []

    @Option(
        name: .customLong("dns-stub"),
        help: ArgumentHelp("Ask this server about one zone; may be repeated.", valueName: "zone=address@port"))
    var stubs: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file of DS or DNSKEY records that DNSSEC starts from.",
            discussion: "Default: \(NameOptions.standardAnchors), unless --resolver is given.", valueName: "file"))
    var trustAnchorFile: String?

    @Option(help: ArgumentHelp("How long one DNS question may take.", valueName: "duration"))
    var dnsTimeout = TimeSpan(seconds: 5)

    @Option(
        help: ArgumentHelp(
            "How long a DNS answer is kept at most; its own TTL may be shorter.", valueName: "duration"))
    var dnsCacheTime = TimeSpan(seconds: 300)

    @Option(
        help: ArgumentHelp(
            "The list of public suffixes (RFC 7489 beside RFC 9989).",
            discussion: "Default: \(NameOptions.standardList), where it is there.", valueName: "file"))
    var publicSuffixList: String?

    func validate() throws {
        for stub in stubs where stub.split(separator: "=").count != 2 {
            throw ValidationError("--dns-stub is zone=address@port, such as acme.example=192.0.2.53@53")
        }
    }

    /// The resolver that the flags describe.
    func resolver() throws -> UnboundResolver {
        var settings = NameServerSettings()
        settings.forwarders = resolvers
        settings.stubs = stubs.compactMap { stub in
            let parts = stub.split(separator: "=")
            return parts.count == 2 ? .init(zone: String(parts[0]), server: String(parts[1])) : nil
        }
        settings.timeout = dnsTimeout.duration
        settings.cacheTime = dnsCacheTime.duration
        settings.trustAnchorFile = trustAnchorFile
        if trustAnchorFile == nil, resolvers.isEmpty, InputFolder.exists(Self.standardAnchors) {
            settings.trustAnchorFile = Self.standardAnchors
        }
        do throws(NameResolutionError) {
            return try UnboundResolver(settings, clock: Clock.now)
        } catch {
            throw Complaint(
                error.description, next: "see --resolver, --dns-stub and --trust-anchor-file", status: .usage)
        }
    }

    /// The list of public suffixes, or nil where none is there.
    func suffixes() throws -> PublicSuffixList? {
        let path = publicSuffixList ?? Self.standardList
        guard let bytes = try? InputFile.open(path).content(sizeMax: Self.listSizeMax) else {
            guard publicSuffixList != nil else { return nil }
            throw Complaint("\(path) cannot be read", next: "name the list with --public-suffix-list", status: .usage)
        }
        return PublicSuffixList(bytes)
    }
}
