# A page, a headless Chromium and a virtual authenticator over the DevTools protocol: makes a passkey, signs
# with it, and prints what the page got. On standard input: {"browser","creation","signing","alg","verified",
# "demand"}; challenges are base64url.
import fcntl, http.server, json, os, select, subprocess, sys, tempfile, threading, time

asked = json.load(sys.stdin)

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>passkeys</title>")
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
origin = f"http://localhost:{server.server_port}"
to_read, to_write = os.pipe()
from_read, from_write = os.pipe()

def become():
    os.dup2(to_read, 3); os.dup2(from_write, 4)

with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    # The pipes may have the numbers 3 and 4 already: moved out of the way first.
    to_read, from_write = os.dup(to_read), os.dup(from_write)
    to_read = fcntl.fcntl(to_read, fcntl.F_DUPFD, 20)
    from_write = fcntl.fcntl(from_write, fcntl.F_DUPFD, 20)
    browser = subprocess.Popen(
        [asked["browser"], "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
         "--disable-dev-shm-usage", "--remote-debugging-pipe", "--user-data-dir=" + profile,
         "about:blank"],
        preexec_fn=become, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        buffer, number, deadline = b"", 0, time.time() + 90
        def call(method, session=None, **parameters):
            global buffer, number
            number += 1
            message = {"id": number, "method": method, "params": parameters}
            if session: message["sessionId"] = session
            os.write(to_write, json.dumps(message).encode() + b"\0")
            while True:
                while b"\0" not in buffer:
                    if not select.select([from_read], [], [], deadline - time.time())[0]:
                        sys.exit("the browser does not answer")
                    buffer += os.read(from_read, 1 << 16)
                text, buffer = buffer.split(b"\0", 1)
                answer = json.loads(text)
                if answer.get("id") == number:
                    if "error" in answer: sys.exit(f"{method}: {answer['error']}")
                    return answer["result"]
        target = call("Target.createTarget", url=origin + "/")["targetId"]
        session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        call("WebAuthn.enable", session)
        call("WebAuthn.addVirtualAuthenticator", session, options={
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": asked["verified"], "isUserVerified": asked["verified"],
            "automaticPresenceSimulation": True})
        program = """(async () => {
            const asked = %s
            const credential = PublicKeyCredential
            const made = (await navigator.credentials.create({publicKey:
                credential.parseCreationOptionsFromJSON({
                    rp: {id: 'localhost', name: 'test'}, challenge: asked.creation,
                    user: {id: 'cC0x', name: 'p-1', displayName: 'p-1'}, attestation: 'none',
                    pubKeyCredParams: [{type: 'public-key', alg: asked.alg}],
                    authenticatorSelection: {userVerification: asked.demand}})})).toJSON()
            const signed = (await navigator.credentials.get({publicKey:
                credential.parseRequestOptionsFromJSON({
                    challenge: asked.signing, rpId: 'localhost', userVerification: asked.demand,
                    allowCredentials: [{type: 'public-key', id: made.id}]})})).toJSON()
            const {authenticatorData, clientDataJSON, signature} = signed.response
            return {id: made.id, creation: made.response, signing: signed.response,
                sig: btoa(JSON.stringify({authenticatorData, clientDataJSON, signature}))}
        })()""" % json.dumps(asked)
        for _ in range(100):
            place = call("Runtime.evaluate", session, expression="location.origin")
            if place["result"].get("value") == origin: break
            time.sleep(0.1)
        answer = call("Runtime.evaluate", session, expression=program, awaitPromise=True,
                      returnByValue=True)
        if "exceptionDetails" in answer: sys.exit(json.dumps(answer["exceptionDetails"])[:2000])
        result = answer["result"]["value"]
        result["origin"] = origin
        print(json.dumps(result))
    finally:
        browser.terminate()
        browser.wait(20)
