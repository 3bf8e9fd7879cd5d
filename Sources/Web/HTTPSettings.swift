// What the web server is told at start: where to listen, with which certificate, what is public.

package import Registry

/// Settings of the web server.
package struct HTTPSettings: Sendable {
    /// Who may read the log without a token.
    package enum LogAccess: String, Sendable, CaseIterable {
        /// Nobody: checkpoint and tiles need a token, entries the role auditor everywhere.
        case `private`
        /// Checkpoint and hash tiles are public; entries need the role auditor everywhere.
        case tiles
        /// Everything is public.
        case all
    }

    /// Certificate and key, as paths of PEM files.
    package struct TLS: Sendable {
        /// The certificate chain, leaf first.
        package let certificatePath: String
        /// The private key, unencrypted.
        package let keyPath: String

        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// Address to listen on.
    package var host: String
    /// Port to listen on; 0 lets the system choose (see `makeApplication(onListening:)`).
    package var port: Int
    /// Nil serves plain HTTP: for loopback, or behind something that ends TLS.
    package var tls: TLS?
    /// Who may read the log without a token.
    package var logAccess: LogAccess = .private
    /// Requests that are worked on at once; more are answered 503.
    package var maximumInFlight = WebLimits.inFlight

    /// How much one caller may ask.
    package var limits = RequestLimits.usual

    package init(host: String = "127.0.0.1", port: Int = 8080, tls: TLS? = nil) {
        self.host = host
        self.port = port
        self.tls = tls
    }

    /// The scheme that clients use.
    package var scheme: String { tls == nil ? "http" : "https" }
}
