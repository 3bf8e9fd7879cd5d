// Witnesses of others for our log, and logs of others for our witness.
//
// PyPI `witness-log` is a witness and a log in Rust; with Python's own HTTP server around it it is a
// foreign witness, and its log side posts to ours. The third program is written from the specification
// alone: notes, tree and proofs by hand, Ed25519 from PyPI `cryptography`.

import Dispatch
import Foundation
import Registry
import TestSupport
import Testing
import TransparencyLog

@testable import imprimatur

@Suite struct `Foreign witnesses and foreign logs` {
    @Test(.enabled(if: Peers.has("witness_log"), Peers.hint), .timeLimit(.minutes(2)))
    func `a foreign witness cosigns for our client, and finds a fork of ours`() async throws {
        let log = try GrowingLog()
        let witness = try await ForeignWitness(log)
        defer { witness.stop() }
        #expect(
            witness.key.text
                == "example.com/w1+6dffb260+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs")
        let client = WitnessClient(
            name: "foreign", url: witness.url, keys: [witness.key],
            transport: WitnessHTTP(caFile: nil), timeout: .seconds(20))
        func visit(
            _ log: GrowingLog, _ size: Int64, known: Int64
        ) async throws -> WitnessClient.Visit {
            try await client.visit(log.note(size), knownSize: known) {
                log.proof(from: $0, to: size)
            }
        }
        var known: Int64 = 0
        for size in [1, 2, 3, 7, 8, 200, 200, 300] as [Int64] {
            let visit = try await visit(log, size, known: known)
            guard case .cosigned(let signatures) = visit.outcome else {
                Issue.record("size \(size): \(visit.outcome)")
                continue
            }
            #expect(signatures.map(\.key) == [witness.key] && visit.requests == 1)
            known = size
        }
        // A log that forgot what the witness has is told.
        let forgetful = try await visit(log, 300, known: 0)
        #expect(forgetful.requests == 2 && forgetful.size == 300)
        #expect(try await visit(log, 250, known: 250).outcome == .ahead(size: 300))
        let fork = try GrowingLog(history: "fork", shared: 5, count: 310)
        for size in [300, 310] as [Int64] {
            guard case .contradicted = try await visit(fork, size, known: 300).outcome else {
                Issue.record("the fork at \(size) was not told")
                continue
            }
        }
        let stranger = try GrowingLog(seed: 9, count: 310)
        guard case .refused(403, _) = try await visit(stranger, 310, known: 300).outcome else {
            Issue.record("a stranger's signature was not refused")
            return
        }
        let unknown = try GrowingLog(origin: "example.com/unknown")
        guard case .refused(404, _) = try await visit(unknown, 3, known: 0).outcome else {
            Issue.record("an unknown log was not refused")
            return
        }
    }

    @Test(.enabled(if: Peers.has("witness_log"), Peers.hint), .timeLimit(.minutes(2)))
    func `a foreign log gets cosignatures of our witness that it believes`() async throws {
        let scratch = try Program()
        let keys = try Peers.python(["-c", Self.makeLog, scratch.folder])
        try #require(keys.code == 0, "\(keys)")
        let witness = try WitnessProcess()
        try witness.add(vkeys: keys.output)
        try await witness.start()
        let key = try witness.key.keyBytes.map { String(format: "%02x", $0) }.joined()
        let ran = try Peers.python(["-c", Self.growLog, scratch.folder, witness.url, key])
        #expect(ran.code == 0, "\(ran)")
        #expect(ran.output.hasSuffix("15 cosigned, 3 conflicts followed\n"), "\(ran)")
        try await witness.stop()
    }

    @Test(.enabled(if: Peers.has("cryptography"), Peers.hint), .timeLimit(.minutes(2)))
    func `a log written from the specification gets the statuses that it says`() async throws {
        let scratch = try Program()
        let keys = try Peers.python(["-c", Self.byHand, "key"])
        try #require(keys.code == 0, "\(keys)")
        let witness = try WitnessProcess()
        try witness.add(vkeys: keys.output)
        try await witness.start()
        let ran = try Peers.python(["-c", Self.byHand, witness.url, witness.vkey])
        #expect(ran.code == 0, "\(ran)")
        #expect(ran.output == "40 sizes cosigned, every refusal as specified\n", "\(ran)")
        try await witness.stop()
        withExtendedLifetime(scratch) {}
    }

    private static let makeLog = #"""
        import sys, witness_log
        log = witness_log.WitnessLog.generate()
        open(sys.argv[1] + '/identity', 'wb').write(bytes(log.identity_bytes()))
        print(log.c2sp_vkey(log.canonical_origin()))
        """#

    private static let growLog = #"""
        import sys, urllib.request, urllib.error, witness_log
        folder, url, key = sys.argv[1:]
        log = witness_log.WitnessLog.resume(open(folder + '/identity', 'rb').read(), 1)
        def post(body):
            try:
                answer = urllib.request.urlopen(url + '/add-checkpoint', body.encode())
                return answer.status, answer.headers['Content-Type'], answer.read().decode()
            except urllib.error.HTTPError as e:
                return e.code, e.headers['Content-Type'], e.read().decode()
        known = cosigned = conflicts = 0
        for round in range(15):
            for i in range(1 + round * 3):
                log.append_memory(b'%d %d' % (round, i))
            # Now and then the log has forgotten how far the witness is.
            status, kind, answer = post(log.add_checkpoint_body(0 if round in (4, 8, 12) else known))
            if status == 409:
                assert kind == 'text/x.tlog.size', kind
                conflicts += 1
                status, kind, answer = post(log.add_checkpoint_body(int(answer)))
            assert status == 200, (status, answer)
            assert log.dossier_from_responses([(key, answer)])[1] == 1, 'not believed: ' + answer
            known = log.tree_size() if callable(log.tree_size) else log.tree_size
            cosigned += 1
        print(f'{cosigned} cosigned, {conflicts} conflicts followed')
        """#

    private static let byHand = #"""
        import base64, hashlib, struct, sys, urllib.request, urllib.error
        from cryptography.hazmat.primitives import serialization as s
        from cryptography.hazmat.primitives.asymmetric import ed25519
        origin = 'by.hand.example/log'
        def sha(*parts): return hashlib.sha256(b''.join(parts)).digest()
        def raw(key): return key.public_bytes(s.Encoding.Raw, s.PublicFormat.Raw)
        secret = ed25519.Ed25519PrivateKey.from_private_bytes(b'\x05' * 32)
        stranger = ed25519.Ed25519PrivateKey.from_private_bytes(b'\x06' * 32)
        def key_id(name, kind, public): return sha(name.encode(), b'\n', bytes([kind]), public)[:4]
        own = key_id(origin, 1, raw(secret.public_key()))
        if sys.argv[1] == 'key':
            print(f'{origin}+{own.hex()}+'
                  + base64.b64encode(b'\x01' + raw(secret.public_key())).decode())
            sys.exit()
        url, vkey = sys.argv[1:]
        name, hash_text, rest = vkey.split('+', 2)
        public = base64.b64decode(rest)[1:]
        witness = ed25519.Ed25519PublicKey.from_public_bytes(public)
        assert hash_text == key_id(name, 4, public).hex()

        def tree(leaves):
            if not leaves: return hashlib.sha256(b'').digest()
            if len(leaves) == 1: return sha(b'\0', leaves[0])
            k = 1 << (len(leaves) - 1).bit_length() - 1
            return sha(b'\1', tree(leaves[:k]), tree(leaves[k:]))
        def subproof(m, leaves, known):
            if m == len(leaves): return [] if known else [tree(leaves)]
            k = 1 << (len(leaves) - 1).bit_length() - 1
            if m <= k: return subproof(m, leaves[:k], known) + [tree(leaves[k:])]
            return subproof(m - k, leaves[k:], False) + [tree(leaves[:k])]
        def proof(old, leaves): return subproof(old, leaves, True) if 0 < old < len(leaves) else []

        def text(leaves, origin=origin):
            return f'{origin}\n{len(leaves)}\n{base64.b64encode(tree(leaves)).decode()}\n'
        def note(text, key=secret, id=own, name=origin):
            line = base64.b64encode(id + key.sign(text.encode())).decode()
            return f'{text}\n\u2014 {name} {line}\n'
        def post(old, hashes, note):
            body = f'old {old}\n' + ''.join(base64.b64encode(h).decode() + '\n' for h in hashes)
            return send(body + '\n' + note)
        def send(body):
            try:
                answer = urllib.request.urlopen(url + '/add-checkpoint', body.encode())
                return answer.status, answer.headers['Content-Type'], answer.read().decode()
            except urllib.error.HTTPError as e:
                return e.code, e.headers['Content-Type'], e.read().decode()
        def expect(answer, status, body=None):
            assert answer[0] == status, (answer, status)
            if body is not None: assert answer[1:] == ('text/x.tlog.size', body), answer
        def check(answer, text):
            expect(answer, 200)
            dash, who, line = answer[2].split(' ')
            data = base64.b64decode(line)
            assert dash == '\u2014' and who == name and answer[2].endswith('\n'), answer
            assert data[:4].hex() == hash_text and len(data) == 76, answer
            time = struct.unpack('>Q', data[4:12])[0]
            witness.verify(data[12:], f'cosignature/v1\ntime {time}\n{text}'.encode())

        leaves = [b'entry %d' % i for i in range(300)]
        other = leaves[:3] + [b'fork %d' % i for i in range(300)]
        empty = f'{origin}\n0\n{base64.b64encode(sha(b"x")).decode()}\n'
        expect(post(0, [], note(empty)), 422)
        sizes = list(range(1, 21)) + list(range(33, 271, 13)) + [300]
        old = 0
        for size in sizes:
            now = leaves[:size]
            if old:
                expect(post(0, [], note(text(now))), 409, f'{old}\n')
                expect(post(old + 1, proof(old + 1, now), note(text(now))),
                       409 if size > old else 400, f'{old}\n')
                expect(post(old, proof(old, now)[:-1], note(text(now))), 422)
                expect(post(old, [sha(b'x')] * 63, note(text(now))), 422)
                expect(post(old, [sha(b'x')] * 64, note(text(now))), 400)
            expect(post(size + 1, [], note(text(now))), 400)
            expect(post(old, proof(old, now), note(text(now), stranger)), 403)
            alien = key_id(origin, 1, raw(stranger.public_key()))
            expect(post(old, proof(old, now), note(text(now), stranger, alien)), 403)
            expect(post(old, proof(old, now), note(text(now, 'other.example'), name='other.example')), 404)
            expect(send(f'old {old}\n' + note(text(now))), 400)
            expect(send(f'old {old}\n\n' + text(now)), 400)
            if old > 3:
                expect(post(old, proof(old, other[:size]), note(text(other[:size]))), 422)
            check(post(old, proof(old, now), note(text(now))), text(now))
            check(post(size, [], note(text(now))), text(now))
            if size > 3:
                fork = post(size, [], note(text(other[:size])))
                expect(fork, 409)
                assert fork[1] != 'text/x.tlog.size', fork
            old = size
        print(f'{len(sizes)} sizes cosigned, every refusal as specified')
        """#
}

/// PyPI `witness-log` behind Python's HTTP server, until `stop`.
private final class ForeignWitness: Sendable {
    let url: String
    let key: VerifierKey
    private let scratch: Program

    init(_ log: GrowingLog) async throws {
        let scratch = try Program()
        self.scratch = scratch
        let arguments = [
            "-c", Self.program, scratch.folder, log.origin, log.signer.verifierKey.text,
        ]
        DispatchQueue.global().async { _ = try? Peers.python(arguments) }
        var found: [String] = []
        for _ in 0..<400 where found.count < 2 {
            try await Task.sleep(for: .milliseconds(50))
            let text = try? String(contentsOfFile: scratch.folder + "/ready", encoding: .utf8)
            found = text?.split(separator: "\n").map(String.init) ?? []
        }
        try #require(found.count == 2, "the foreign witness did not start")
        url = found[0]
        key = try VerifierKey(found[1])
    }

    func stop() {
        _ = FileManager.default.createFile(atPath: scratch.folder + "/stop", contents: nil)
    }

    private static let program = #"""
        import http.server, os, sys, threading, time, witness_log
        folder, origin, vkey = sys.argv[1:]
        service = witness_log.WitnessService.new('example.com/w1', bytes([7] * 32))
        service.add_log(origin, vkey)
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length'])).decode()
                status, kind, answer = 404, 'text/plain', 'no\n'
                if self.path == '/w1/add-checkpoint':
                    status, kind, answer = service.handle_add_checkpoint_http(body)
                self.send_response(status)
                self.send_header('Content-Type', kind)
                self.send_header('Content-Length', str(len(answer.encode())))
                self.end_headers()
                self.wfile.write(answer.encode())
            def log_message(self, *_): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with open(folder + '/ready.new', 'w') as file:
            file.write(f'http://127.0.0.1:{server.server_port}/w1/\n{service.vkey()}\n')
        os.rename(folder + '/ready.new', folder + '/ready')
        while os.path.isdir(folder) and not os.path.exists(folder + '/stop'): time.sleep(0.1)
        """#
}
