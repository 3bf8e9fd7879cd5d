// The quick reader of signatures reads what the general one reads, and nothing else.

import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `The quick reader of an entry's signature` {
    private static let opening = Array(#"{"entry":{},"signature":"#.utf8)

    private static func seal(_ bytes: [UInt8]) -> [UInt8] {
        Array(bytes.dropFirst(opening.count).dropLast())
    }

    @Test(arguments: [1, 2, 3, 255, 256, 1_000])
    func `reads every place of a batch`(size: Int) throws {
        let key = try PrivateKey.generate(.ed25519)
        let signed = try SignedEntry.sign(
            Array(repeating: Array("{}".utf8), count: size), with: key)
        for index in [0, size / 2, size - 1] {
            let entry = try SignedEntry(parsing: signed[index])
            let seal = try #require(
                Self.seal(signed[index]).withUnsafeBufferPointer { SealScanner.scan($0) })
            #expect(seal.index == Int64(index) && seal.size == Int64(size))
            #expect(seal.key == key.publicKey.id && seal.path == entry.batchPath)
            #expect(seal.value == entry.signature && entry.isSigned(by: key.publicKey))
        }
    }

    @Test func `refuses every other spelling, as the general reader does`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let payloads = (0..<5).map { Array("{\"n\":\($0)}".utf8) }
        let good = try SignedEntry.sign(payloads, with: key)[2]
        let seal = try #require(
            good.firstRange(of: Array(#","signature":"#.utf8)).map { Array(good[$0.upperBound...]) }
        ).dropLast()
        #expect(Array(seal).withUnsafeBufferPointer { SealScanner.scan($0) } != nil)
        // Any byte changed, dropped or doubled: whoever still reads it reads it alike.
        var accepted = 0
        for place in seal.indices {
            for change in 0..<3 {
                var bytes = Array(seal)
                switch change {
                case 0: bytes[place] ^= 1
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: place)
                }
                let quick = bytes.withUnsafeBufferPointer { SealScanner.scan($0) }
                let whole = Self.opening + bytes + [UInt8(ascii: "}")]
                let slow = Self.slow(bytes)
                #expect((quick != nil) == slow, "\(String(decoding: bytes, as: UTF8.self))")
                if let quick, quick.index < quick.size {
                    accepted += 1
                    #expect(try SignedEntry(parsing: whole).signature == quick.value)
                }
            }
        }
        #expect(accepted > 100)
    }

    /// What the general JSON reader and the canonical form say.
    private static func slow(_ bytes: [UInt8]) -> Bool {
        guard let json = try? JSON(parsing: bytes), json.canonicalBytes == bytes,
            json.object?.count == 3, let batch = json["batch"], batch.object?.count == 3,
            let index = batch["index"]?.integer, let size = batch["size"]?.integer,
            (0..<SignedEntry.maximumBatch).contains(index),
            (1...SignedEntry.maximumBatch).contains(size), let path = batch["path"]?.array,
            path.count <= 16,
            path.allSatisfy({ $0.string.flatMap { SHA256Digest(hex: $0) } != nil }),
            json["key"]?.string.flatMap({ KeyID(hex: $0) }) != nil,
            json["value"]?.string.flatMap({ Base64.decode($0) }) != nil
        else { return false }
        return true
    }
}
