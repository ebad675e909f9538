import HTTPTypes
import Hummingbird

/// The page for people and the OpenAPI document: files that the binary carries. No token is needed.
struct PageController: Sendable {
    /// Our own files only: no inline script, no third party, no frame around us.
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static let files: [(path: String, mediaType: String, content: [UInt8])] = [
        ("/", "text/html; charset=utf-8", PackageResources.page_html),
        ("/page.css", "text/css; charset=utf-8", PackageResources.page_css),
        ("/page.js", "text/javascript; charset=utf-8", PackageResources.page_js),
        ("/elements.js", "text/javascript; charset=utf-8", PackageResources.elements_js),
        ("/chart.js", "text/javascript; charset=utf-8", PackageResources.chart_js),
        ("/identities.js", "text/javascript; charset=utf-8", PackageResources.identities_js),
        ("/proof.js", "text/javascript; charset=utf-8", PackageResources.proof_js),
        ("/reports.js", "text/javascript; charset=utf-8", PackageResources.reports_js),
        ("/openapi.json", "application/json", PackageResources.openapi_json),
    ]

    var routes: [Route] {
        Self.files.map { file in
            let content = ByteBuffer(bytes: file.content)
            let headers: HTTPFields = [
                .contentType: file.mediaType, .contentSecurityPolicy: Self.policy, .cacheControl: "no-cache",
                .referrerPolicy: "no-referrer",
            ]
            return Route(
                .get, file.path,
                open: { _, _ in
                    Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: content))
                })
        }
    }
}
