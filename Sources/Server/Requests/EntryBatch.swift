import Cryptography
import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore

/// The entries of one request, read and checked: they are appended together or not at all.
struct EntryBatch {
    /// The most entries of one request.
    static let countMax = 5_000

    private struct Element {
        let json: JSONValue
        var event: Event
        var key: IdempotencyKey?
    }

    /// Whether the body was one object, which is answered by one.
    let isSingle: Bool
    private var elements: [Element] = []
    /// A key that covers the whole list.
    private let listKey: IdempotencyKey?

    /// Reads the body of `request`.
    init(_ body: [UInt8], _ type: MediaType, _ request: Request) throws(Refusal) {
        let values: [(value: JSONValue, size: Int)]
        switch type {
        case .lines: (values, isSingle) = (try Self.lines(body), false)
        case .json:
            let (elements, isList) = try JSONReader.readSizedElements(body)
            (values, isSingle) = (elements, !isList)
        }
        guard !values.isEmpty else { throw Refusal(.invalidMember, "the body holds no entry") }
        guard values.count <= Self.countMax else {
            throw Refusal(.tooMany, "a request has at most \(Self.countMax) entries", limit: Self.countMax)
        }
        let header = try Self.headerKey(request)
        listKey = isSingle ? nil : header
        elements.reserveCapacity(values.count)
        for (index, (value, size)) in values.enumerated() {
            do throws(Refusal) {
                // What is smaller as it came is not larger in canonical form.
                if size > Draft.callerSizeMax { try Self.requireSize(value) }
                let (event, memberKey) = try Event.read(value, via: .ingest)
                let key = isSingle ? try Self.key(memberKey, header) : memberKey
                guard listKey == nil || memberKey == nil else {
                    throw Refusal(
                        .idempotencyConflict,
                        "the header Idempotency-Key covers the whole request: its entries have no keys of their own",
                        at: ["idempotency_key"])
                }
                elements.append(Element(json: value, event: event, key: key))
            } catch {
                throw isSingle ? error : error.inElement(index)
            }
        }
    }

    private static func lines(_ body: [UInt8]) throws(Refusal) -> [(value: JSONValue, size: Int)] {
        var values: [(value: JSONValue, size: Int)] = []
        var start = 0
        while start < body.count {
            let end = body[start...].firstIndex(of: UInt8(ascii: "\n")) ?? body.count
            defer { start = end + 1 }
            guard !body[start..<end].allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else { continue }
            guard values.count < countMax else {
                throw Refusal(.tooMany, "a request has at most \(countMax) entries", limit: countMax)
            }
            do throws(Refusal) {
                values.append((try JSONReader.read(body, range: start..<end), end - start))
            } catch {
                throw error.inElement(values.count)
            }
        }
        return values
    }

    private static func headerKey(_ request: Request) throws(Refusal) -> IdempotencyKey? {
        let values = request.headers[values: .idempotencyKey]
        guard values.count <= 1 else {
            throw Refusal(.idempotencyConflict, "the header Idempotency-Key stands more than once")
        }
        guard let value = values.first else { return nil }
        return try IdempotencyKey(header: value)
    }

    /// The key of a single entry, which may stand in the header, in the member, or equal in both.
    private static func key(
        _ member: IdempotencyKey?, _ header: IdempotencyKey?
    ) throws(Refusal) -> IdempotencyKey? {
        guard let member, let header, !member.isSame(as: header) else { return member ?? header }
        throw Refusal(
            .idempotencyConflict, "the header Idempotency-Key and the member differ", at: ["idempotency_key"])
    }

    private static func requireSize(_ value: JSONValue) throws(Refusal) {
        guard CanonicalWriter.bytes(of: value).count <= Draft.callerSizeMax else {
            throw Refusal(
                .tooLarge, "an entry has at most \(Draft.callerSizeMax) bytes as canonical JSON",
                limit: Draft.callerSizeMax)
        }
    }

    /// The messages that the entries are about, each once.
    var messages: [MessageID] {
        var seen: Set<[UInt8]> = []
        return elements.compactMap(\.event.messageID).filter { seen.insert(Array($0.text.utf8)).inserted }
    }

    /// Names the calling step in every entry that names none itself.
    mutating func attribute(to workflow: Workflow) {
        for index in elements.indices { elements[index].event.attribute(to: workflow) }
    }

    /// Keeps headers that name no step that could be read, with the first entry.
    mutating func note(stepHeaders: [JSONValue.Member]) { elements[0].event.note(stepHeaders: stepHeaders) }

    /// Tells this call from others of the same step attempt: by its key if it has one, else by its content.
    func callTag(_ caller: Caller) -> String {
        let keys = caller.ledger.keys
        let key = listKey ?? (isSingle ? elements[0].key : nil)
        return Base64URL.encode(
            key.map { keys.idempotencyTag(of: $0, scope: .entries(producer: caller.grant.producer)) }
                ?? keys.requestTag(of: canonicalList))
    }

    private var canonicalList: [UInt8] { CanonicalWriter.bytes(of: .array(elements.map(\.json))) }

    /// The entries as a unit of the ledger.
    func unit(_ caller: Caller) throws(Refusal) -> AppendUnit {
        let keys = caller.ledger.keys
        let reporter = Reporter(id: caller.grant.id, via: .ingest)
        let scope = IdempotencyKey.Scope.entries(producer: caller.grant.producer)
        let listTag = listKey.map { keys.idempotencyTag(of: $0, scope: scope) }
        var items: [AppendUnit.Item] = []
        items.reserveCapacity(elements.count)
        // A nonce, and salts for a few sealed values.
        var random = RandomBytes(expecting: 64 * elements.count)
        for (index, element) in elements.enumerated() {
            do throws(Refusal) {
                let draft = try Draft(
                    element.event, origin: caller.ledger.origin, reporter: reporter,
                    idempotencyTag: listTag ?? element.key.map { keys.idempotencyTag(of: $0, scope: scope) },
                    random: { random.take($0) })
                let requestTag = element.key.map { _ in keys.requestTag(of: Self.content(element.json)) }
                items.append(AppendUnit.Item(draft, requestTag: requestTag, keys: keys))
            } catch {
                throw isSingle ? error : error.inElement(index)
            }
        }
        let key = listTag.map { AppendUnit.Key(tag: $0, requestTag: keys.requestTag(of: canonicalList)) }
        return AppendUnit(items, key: key)
    }

    /// The canonical bytes of an entry without its key, which may stand in the header as well.
    private static func content(_ json: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        CanonicalWriter.append(json.members ?? [], omitting: "idempotency_key", to: &bytes)
        return bytes
    }
}
