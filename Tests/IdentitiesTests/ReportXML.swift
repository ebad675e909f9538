/// The XML of a report, put together from its parts.
struct ReportXML {
    var orgName = "Receiver Example"
    var email = "r@receiver.example"
    var policyDomain = "acme.example"
    var id = "1"
    /// The first second; 2023-11-15T00:00:00Z.
    var begin: Int64 = 1_700_006_400
    var rows: [Row] = [Row()]

    struct Row {
        var source = "192.0.2.1"
        var count: Int64 = 1
        var disposition = "none"
        var dkim = "fail"
        var spf = "fail"
        var headerFrom = "acme.example"
        /// Selector and domain of a signature that passed.
        var signature: (String, String)?

        var text: String {
            let results = signature.map {
                "<dkim><domain>\($1)</domain><selector>\($0)</selector><result>pass</result></dkim>"
            }
            return """
                <record><row><source_ip>\(source)</source_ip><count>\(count)</count><policy_evaluated>\
                <disposition>\(disposition)</disposition><dkim>\(dkim)</dkim><spf>\(spf)</spf></policy_evaluated></row>\
                <identifiers><header_from>\(headerFrom)</header_from></identifiers>\
                <auth_results>\(results ?? "")</auth_results></record>
                """
        }
    }

    var text: String {
        """
        <feedback><report_metadata><org_name>\(orgName)</org_name><email>\(email)</email>\
        <report_id>\(id)</report_id><date_range><begin>\(begin)</begin><end>\(begin + 86_399)</end></date_range>\
        </report_metadata><policy_published><domain>\(policyDomain)</domain><p>none</p></policy_published>\
        \(rows.map(\.text).joined())</feedback>
        """
    }

    /// A mail of `author` that carries it, unsigned.
    func mail(from author: String) -> String {
        "From: \(author)\r\nContent-Type: text/xml\r\n\r\n\(text)\r\n"
    }
}
