/// A report that is right, and its variants.
enum ReportText {
    static let row = """
        <record><row><source_ip>192.0.2.1</source_ip><count>3</count><policy_evaluated><disposition>none</disposition>\
        <dkim>pass</dkim><spf>fail</spf><reason><type>mailing_list</type><comment>a &amp; b</comment></reason>\
        </policy_evaluated></row><identifiers><header_from>example.com</header_from><envelope_from/></identifiers>\
        <auth_results><dkim><domain>example.com</domain><selector>s1</selector><result>pass</result></dkim>\
        <spf><domain>example.com</domain><scope>mfrom</scope><result>fail</result></spf></auth_results></record>
        """
    static let metadata = """
        <report_metadata><org_name>Acme  Mail</org_name><email>r@acme.example</email><report_id>1@acme</report_id>\
        <date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata>
        """
    static let policy = """
        <policy_published><domain>example.com</domain><p>reject</p><adkim>r</adkim></policy_published>
        """
    static let declaration = #"<?xml version="1.0" encoding="UTF-8"?>"#
    static let body = "<feedback><version>1.0</version>\(metadata)\(policy)\(row)</feedback>"
    static let document = declaration + body
}
