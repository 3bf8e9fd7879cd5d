// Where a service is: scheme, host and port out of a URL, and whether the way there leaves the machine.

internal import Glibc

/// `https://models.example:8443`, taken apart.
package struct ServerAddress: Sendable, Hashable {
    /// Whether TLS is spoken.
    package let isTLS: Bool
    /// A name or an address, an IPv6 address without its brackets.
    package let host: String
    /// The port, 443 or 80 when none was given.
    package let port: Int

    /// The longest address that is read, in bytes.
    private static let longest = 300

    /// Reads http:// or https://, a host, perhaps a port and a slash; nil for anything else.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest, let colon = text.firstIndex(of: ":") else {
            return nil
        }
        switch text[..<colon].lowercased() {
        case "http": isTLS = false
        case "https": isTLS = true
        default: return nil
        }
        var rest = text[text.index(after: colon)...]
        guard rest.hasPrefix("//") else { return nil }
        rest = rest.dropFirst(2)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var port: Substring?
        if rest.hasPrefix("[") {
            guard let end = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<end])
            let after = rest[rest.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            port = after.isEmpty ? nil : after.dropFirst()
        } else {
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count <= 2 else { return nil }
            host = String(parts[0])
            port = parts.count == 2 ? parts[1] : nil
        }
        let isPlain = host.utf8.allSatisfy { byte in
            (0x30...0x3A).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
        }
        guard !host.isEmpty, isPlain else { return nil }
        guard let port else {
            self.port = isTLS ? 443 : 80
            return
        }
        guard let number = Int(port), (1...65_535).contains(number) else { return nil }
        self.port = number
    }

    /// Whether the host is this machine: 127.0.0.0/8, ::1 or localhost, and nothing that merely
    /// begins like them (127.0.0.1.example).
    package var isLoopback: Bool {
        var address = in_addr()
        if inet_pton(AF_INET, host, &address) == 1 { return address.s_addr & 0xFF == 127 }
        return host == "::1" || host.lowercased() == "localhost"
    }

    /// Whether the host is an address and no name.
    package var isNumeric: Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }

    /// Host and port as a `Host` field has them.
    package var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }

    /// Host and port as they name files.
    package var fileName: String { host + "_\(port)" }
}

/// The address of something on a server: `https://witness.example/w1`, taken apart.
package struct ResourceAddress: Sendable, Hashable {
    /// Where it is.
    package let server: ServerAddress
    /// The path, empty or beginning with a slash and not ending in one.
    package let path: String

    /// Reads a URL without query, fragment or user; nil for anything else.
    package init?(_ text: String) {
        let slashes = text.indices.lazy.filter { text[$0] == "/" }
        guard text.utf8.count <= 2_048, slashes.count >= 2 else { return nil }
        // The first two belong to "://".
        let start = slashes.dropFirst(2).first ?? text.endIndex
        guard let server = ServerAddress(String(text[..<start])) else { return nil }
        self.server = server
        var path = String(text[start...])
        while path.hasSuffix("/") { path.removeLast() }
        // What RFC 3986 allows in a path; a space or a line break would end the request line.
        let isPlain = path.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || "/-._~!$&'()*+,;=:@%".utf8.contains(byte)
        }
        guard isPlain else { return nil }
        self.path = path
    }
}
