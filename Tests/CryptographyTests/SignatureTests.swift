import Testing

@testable import Cryptography

@Suite struct `Signatures` {
    struct Ed25519Vector {
        let seed: String
        let key: String
        let message: String
        let signature: String
    }

    /// RFC 8032 section 7.1, tests 1 to 3.
    @Test(arguments: [
        Ed25519Vector(
            seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", message: "",
            signature: """
                e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac
                c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b
                """),
        Ed25519Vector(
            seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", message: "72",
            signature: """
                92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e
                458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00
                """),
        Ed25519Vector(
            seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            message: "af82",
            signature: """
                6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290
                ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a
                """),
    ])
    func `the Ed25519 vectors of RFC 8032 hold`(vector: Ed25519Vector) throws {
        let key = try PrivateKey(ed25519Seed: vector.seed.hexBytes)
        #expect(key.publicKey.rawEd25519 == vector.key.hexBytes)
        #expect(try key.sign(vector.message.hexBytes) == vector.signature.hexBytes)
        let publicKey = try PublicKey(ed25519: vector.key.hexBytes)
        #expect(publicKey == key.publicKey)
        #expect(publicKey.verify(vector.signature.hexBytes, over: vector.message.hexBytes))
        #expect(!publicKey.verify(vector.signature.hexBytes, over: [1]))
    }

    struct ECDSAVector {
        let algorithm: KeyAlgorithm
        let x: String
        let y: String
        let r: String
        let s: String
    }

    /// RFC 6979 appendix A.2.5 to A.2.7: the message "sample" under the hash of our choice.
    static let ecdsaVectors = [
        ECDSAVector(
            algorithm: .ecdsaP256,
            x: "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
            y: "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
            r: "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716",
            s: "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"),
        ECDSAVector(
            algorithm: .ecdsaP384,
            x: """
                EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64
                DEF8F0EA9055866064A254515480BC13
                """,
            y: """
                8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1
                288B231C3AE0D4FE7344FD2533264720
                """,
            r: """
                94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C
                81A648152E44ACF96E36DD1E80FABE46
                """,
            s: """
                99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94F
                A329C145786E679E7B82C71A38628AC8
                """),
        ECDSAVector(
            algorithm: .ecdsaP521,
            x: """
                01894550D0785932E00EAA23B694F213F8C3121F86DC97A04E5A7167DB4E5BCD371123D46E45DB6B
                5D5370A7F20FB633155D38FFA16D2BD761DCAC474B9A2F5023A4
                """,
            y: """
                00493101C962CD4D2FDDF782285E64584139C2F91B47F87FF82354D6630F746A28A0DB25741B5B34
                A828008B22ACC23F924FAAFBD4D33F81EA66956DFEAA2BFDFCF5
                """,
            r: """
                00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5
                D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA
                """,
            s: """
                00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C
                0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A
                """),
    ]

    @Test(arguments: ecdsaVectors)
    func `the ECDSA vectors of RFC 6979 hold`(vector: ECDSAVector) throws {
        let key = try publicKey(vector.algorithm, x: vector.x, y: vector.y)
        let signature = DER.signature(vector.r.hexBytes, vector.s.hexBytes)
        #expect(key.algorithm == vector.algorithm)
        #expect(key.verify(signature, over: Array("sample".utf8)))
        #expect(!key.verify(signature, over: Array("samplf".utf8)))
    }

    /// Documented at `verify`: this is ECDSA, so nothing may be identified by its signature.
    @Test(arguments: ecdsaVectors)
    func `the mirrored ECDSA signature holds as well`(vector: ECDSAVector) throws {
        let key = try publicKey(vector.algorithm, x: vector.x, y: vector.y)
        let order = try #require(groupOrders[vector.algorithm])
        let mirrored = difference(order, vector.s.hexBytes)
        #expect(key.verify(DER.signature(vector.r.hexBytes, mirrored), over: Array("sample".utf8)))
    }

    @Test(arguments: ecdsaVectors)
    func `malformed ECDSA signatures are refused`(vector: ECDSAVector) throws {
        let key = try publicKey(vector.algorithm, x: vector.x, y: vector.y)
        let message = Array("sample".utf8)
        let (r, s) = (vector.r.hexBytes, vector.s.hexBytes)
        let order = try #require(groupOrders[vector.algorithm])
        let good = DER.signature(r, s)
        #expect(key.verify(good, over: message))
        var bad: [String: [UInt8]] = [
            "empty": [], "only a list": [0x30, 0], "raw r and s": r + s,
            "zeros": DER.signature([0], [0]), "r zero": DER.signature([0], s),
            "s zero": DER.signature(r, [0]), "swapped": DER.signature(s, r),
            "r is the order": DER.signature(order, s), "s is the order": DER.signature(r, order),
            "trailing byte": good + [0],
            "third integer": DER.element(0x30, DER.integer(r) + DER.integer(s) + DER.integer([1])),
            "padded integer": DER.element(
                0x30, DER.element(0x02, [0, 0] + r) + DER.integer(s)),
            "negative integer": DER.element(
                0x30, DER.element(0x02, [0xFF] + r) + DER.integer(s)),
            "indefinite length": [0x30, 0x80] + DER.integer(r) + DER.integer(s) + [0, 0],
            "set for list": [0x31] + good.dropFirst(),
            "huge": [UInt8](repeating: 0x30, count: 1_000_000),
        ]
        for count in 1..<good.count { bad["cut to \(count)"] = Array(good.prefix(count)) }
        for (name, signature) in bad {
            #expect(!key.verify(signature, over: message), "\(name)")
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test(arguments: KeyAlgorithm.allCases.filter(\.canSign))
    func `what a new key signs holds, for this key and this message only`(
        algorithm: KeyAlgorithm
    ) throws {
        let key = try PrivateKey.generate(algorithm)
        let other = try PrivateKey.generate(algorithm)
        for message in [[], [1], Random.bytes(100_000)] as [[UInt8]] {
            let signature = try key.sign(message)
            #expect(signature.count <= algorithm.longestSignature)
            #expect(key.publicKey.verify(signature, over: message))
            #expect(!other.publicKey.verify(signature, over: message))
            #expect(!key.publicKey.verify(signature, over: message + [0]))
        }
        let signature = try key.sign([1])
        for bit in 0..<signature.count * 8 {
            var altered = signature
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(!key.publicKey.verify(altered, over: [1]), "bit \(bit)")
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    /// RFC 8032 section 5.1.7: S of the group order or more is refused, or signatures would be
    /// malleable.
    @Test func `an Ed25519 signature has no twin`() throws {
        let key = try PrivateKey(ed25519Seed: [UInt8](repeating: 1, count: 32))
        let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010".hexBytes
        var twin = try key.sign([5])
        var carry = 0
        for index in 0..<32 {
            let sum = Int(twin[32 + index]) + Int(order[index]) + carry
            twin[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(!key.publicKey.verify(twin, over: [5]))
        #expect(!key.publicKey.verify(try key.sign([5]) + [0], over: [5]))
        #expect(!key.publicKey.verify(try key.sign([5]).dropLast(), over: [5]))
    }

    @Test func `a signature of one curve does not hold on another`() throws {
        let keys = try KeyAlgorithm.allCases.filter(\.canSign).map(PrivateKey.generate)
        for signer in keys {
            let signature = try signer.sign([1, 2, 3])
            for key in keys where key !== signer {
                #expect(!key.publicKey.verify(signature, over: [1, 2, 3]))
            }
        }
    }

    @Test(arguments: KeyAlgorithm.allCases.filter(\.canSign))
    func `many threads use one key`(algorithm: KeyAlgorithm) async throws {
        let key = try PrivateKey.generate(algorithm)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for thread in 0..<16 {
                group.addTask {
                    for round in 0..<8 {
                        let message = [UInt8(thread), UInt8(round)]
                        let signature = try key.sign(message)
                        guard key.publicKey.verify(signature, over: message),
                            !key.publicKey.verify(signature, over: [0xFF])
                        else { return false }
                    }
                    return true
                }
            }
            for try await answer in group { #expect(answer) }
        }
    }
}
