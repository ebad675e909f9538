/// What one `Authentication-Results` field says (RFC 8601 §2.2). It is a claim of whoever wrote the field: whether to
/// believe it is a matter of ``AuthenticationResultsTrust``.
package struct AuthenticationResults: Hashable, Sendable {
    /// The longest body that is read, in bytes.
    package static let sizeMax = 100_000
    /// So many results a field may hold.
    package static let resultsMax = 200
    /// So many properties one result may hold.
    package static let propertiesMax = 100
    /// The version of the field's grammar that is understood (RFC 8601 §2.2).
    package static let version = 1

    /// One method and its result.
    package struct MethodResult: Hashable, Sendable {
        /// The method in lower case, such as `dkim`; any keyword (RFC 8601 §2.7.7).
        package let method: String
        /// 1 unless the field says otherwise.
        package let methodVersion: Int
        /// The result in lower case, such as `pass`; any keyword.
        package let result: String
        package let reason: String?
        /// In the order of the field; one may occur several times.
        package let properties: [Property]

        package init(
            method: String, methodVersion: Int = 1, result: String, reason: String? = nil, properties: [Property] = []
        ) {
            self.method = method
            self.methodVersion = methodVersion
            self.result = result
            self.reason = reason
            self.properties = properties
        }

        /// The values of a property, such as `header` and `d`.
        package func values(_ type: String, _ name: String) -> [String] {
            properties.filter { $0.type == type && $0.name == name }.map(\.value)
        }
    }

    /// What was looked at: `ptype.property=value`.
    package struct Property: Hashable, Sendable {
        /// The ptype in lower case, such as `smtp`, `header`, `body` or `policy`.
        package let type: String
        /// The property in lower case, such as `mailfrom`.
        package let name: String
        /// The value without quotes and backslashes.
        package let value: String

        package init(type: String, name: String, value: String) {
            self.type = type
            self.name = name
            self.value = value
        }
    }

    /// Who says it, without quotes; empty where the field names nobody.
    package let authservID: String
    /// In the order of the field; empty where nothing was checked (`none`).
    package let results: [MethodResult]

    package init(authservID: String, results: [MethodResult]) {
        self.authservID = authservID
        self.results = results
    }
}
