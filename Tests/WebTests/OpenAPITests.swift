// The description of the interface says what the router does, no more and no less.

import CanonicalJSON
import HTTPTypes
import Registry
import Testing

@testable import Web

@Suite struct `The OpenAPI document` {
    let document: JSON

    init() throws {
        document = try JSON(parsing: Resources.file("docs/reference/openapi.json"))
    }

    @Test func `has exactly the paths and methods of the router`() async throws {
        try await TestService.with { service in
            let table = Web.table(
                registry: service.registry, trustRoot: try WebService.trustRoot(of: service),
                settings: HTTPSettings(), stopping: Stopping())
            let routes = table.routes.map { "\($0.method.rawValue) \($0.template)" }
            #expect(Set(routes).count == routes.count)
            #expect(described().sorted() == routes.sorted())
            for route in table.routes {
                let operation = try #require(
                    document["paths"]?[route.template]?[route.method.rawValue.lowercased()])
                // No `security` of its own means the token of the whole document.
                #expect((operation["security"] == nil) == route.needsToken, "\(route.template)")
                let names = (operation["parameters"]?.array ?? [])
                    .filter { $0["in"]?.string == "path" }.compactMap { $0["name"]?.string }
                let inPath = route.template.split(separator: "/").filter { $0.hasPrefix("{") }
                    .map { String($0.dropFirst().dropLast()) }
                #expect(Set(names) == Set(inPath), "\(route.template)")
                if case .write = route.handler {
                    #expect(operation["requestBody"]?["required"]?.bool == true)
                    for status in ["202", "400", "401", "413", "415", "422", "503"] {
                        #expect(
                            operation["responses"]?[status] != nil, "\(route.template) \(status)")
                    }
                }
            }
        }
    }

    private func described() -> [String] {
        (document["paths"]?.object ?? [:]).flatMap { path, item in
            (item.object ?? [:]).keys.map { "\($0.uppercased()) \(path)" }
        }
    }

    @Test func `has no reference that leads nowhere`() throws {
        var references: Set<String> = []
        func collect(_ json: JSON) {
            if let reference = json["$ref"]?.string { references.insert(reference) }
            for child in json.array ?? [] { collect(child) }
            for child in (json.object ?? [:]).values { collect(child) }
        }
        collect(document)
        #expect(!references.isEmpty)
        for reference in references {
            let pointer = try JSONPointer(parsing: String(reference.dropFirst()))
            #expect(document.value(at: pointer) != nil, "\(reference)")
        }
    }

    @Test func `names every operation once`() {
        let names = (document["paths"]?.object ?? [:]).values.flatMap { item in
            (item.object ?? [:]).values.compactMap { $0["operationId"]?.string }
        }
        #expect(names.count == described().count)
        #expect(Set(names).count == names.count)
    }
}
