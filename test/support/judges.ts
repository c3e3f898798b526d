/** Judges that are not ours: openssl for the seal, xmllint for daticert.xml, Python's email package for the MIME tree. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execute } from './execute.ts'
import type { Owner } from './cleanup.ts'
import { temporaryFolder } from './provider.ts'

const DTD = new URL('../data/postacert.dtd', import.meta.url).pathname

/** Takes the parts of a certified message apart with Python's email package: leaf parts of the signed multipart/mixed, by file name. */
const TAKE_APART = `
import base64, email, email.policy, json, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.compat32)
mixed = message.get_payload(0)
parts = {}
for part in mixed.get_payload():
    name = part.get_filename() or part.get_content_type()
    if part.get_content_type() == 'message/rfc822': continue
    data = part.get_payload(decode=True) if not part.is_multipart() else b''.join(p.get_payload(decode=True) for p in part.get_payload())
    parts[name] = base64.b64encode(data).decode()
print(json.dumps(parts))
`

export interface Sealed {
  /** contents by file name ("multipart/alternative" for the text) */
  readonly parts: Record<string, Buffer>
  /** of the seal */
  readonly signer: X509Certificate
}

export interface Judged extends Sealed {
  readonly daticert: string
}

/** Fails unless the seal verifies against the CA; answers the parts. */
export async function judgeSeal(owner: Owner, ca: string, source: Buffer): Promise<Sealed> {
  const folder = temporaryFolder(owner)
  const [file, content, certificate] = ['message.eml', 'content', 'signer.pem'].map((name) => join(folder, name)) as Three
  writeFileSync(file, source)
  const args = ['cms', '-verify', '-CAfile', ca, '-in', file, '-out', content, '-signer', certificate]
  const verified = await execute('openssl', args)
  assert.match(verified.stderr, /CMS Verification successful/)
  const taken = await execute('python3', ['-c', TAKE_APART], { input: source })
  assert.equal(taken.code, 0, taken.stderr)
  const encoded = JSON.parse(taken.stdout) as Record<string, string>
  const parts = Object.fromEntries(Object.entries(encoded).map(([name, data]) => [name, Buffer.from(data, 'base64')]))
  return { parts, signer: new X509Certificate(readFileSync(certificate)) }
}

type Three = [string, string, string]

/** Fails unless the seal verifies against the CA and daticert.xml is valid; answers the parts. */
export async function judge(owner: Owner, ca: string, source: Buffer): Promise<Judged> {
  const { parts, signer } = await judgeSeal(owner, ca, source)
  const daticert = parts['daticert.xml']
  assert.ok(daticert, 'there is no daticert.xml')
  const xml = join(temporaryFolder(owner), 'daticert.xml')
  writeFileSync(xml, daticert)
  const valid = await execute('xmllint', ['--noout', '--dtdvalid', DTD, xml])
  assert.equal(valid.code, 0, valid.stderr)
  return { parts, signer, daticert: daticert.toString() }
}

/** The bytes of postacert.eml as they stand in a certified message, found by the boundary alone. */
export function enclosedOriginal(source: Buffer): Buffer {
  const text = source.toString('latin1')
  const head = /name="postacert\.eml"/.exec(text)
  assert.ok(head, 'there is no postacert.eml')
  const start = text.indexOf('\r\n\r\n', head.index) + 4
  const mixed = /Content-Type: multipart\/mixed; boundary="([^"]+)"/.exec(text)?.[1]
  const end = text.lastIndexOf(`\r\n--${mixed}--`)
  return source.subarray(start, end)
}

/** Reads the leaf parts of a message with Python's email package. */
const READ_LEAVES = `
import email, email.policy, json, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.compat32)
leaves = [part for part in message.walk() if not part.is_multipart()]
print(json.dumps([[part.get_content_type(), part.get_filename(), part.get_payload(decode=True).decode('latin1')] for part in leaves]))
`

export type Leaf = readonly [type: string, fileName: string | null, content: string]

/** Type, file name and decoded content (latin1) of each part that has no parts. */
export async function readLeaves(source: Buffer): Promise<Leaf[]> {
  const { code, stdout, stderr } = await execute('python3', ['-c', READ_LEAVES], { input: source })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Leaf[]
}
