/** A name server of its own for a test, Debian's dnsmasq: it knows the given records, and no other name exists. */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { defer, type Owner } from './cleanup.ts'
import { temporaryFolder } from './provider.ts'
import { TOOLS_PATH } from './tools.ts'

/** Records by name. */
export interface DnsRecords {
  /** IPv4 and IPv6 addresses */
  readonly addresses?: Readonly<Record<string, readonly string[]>>
  readonly mx?: Readonly<Record<string, readonly { readonly host: string; readonly preference: number }[]>>
  /** texts of any length, one a record */
  readonly txt?: Readonly<Record<string, readonly string[]>>
}

export interface DnsServer {
  /** where it is, as `host:port` */
  readonly server: string
  stop(): Promise<void>
}

/** Starts it on a free port of 127.0.0.1; it is stopped after the test, if not before. Needs `dnsmasq`. */
export async function startDnsServer(owner: Owner, records: DnsRecords): Promise<DnsServer> {
  const file = join(temporaryFolder(owner), 'dnsmasq.conf')
  writeFileSync(file, configuration(records))
  for (let attempt = 0; ; attempt++) {
    const port = await freePort()
    const { output, stop } = await start(owner, [`--conf-file=${file}`, `--port=${port}`])
    if (output === '') return { server: `127.0.0.1:${port}`, stop }
    if (!output.includes('in use') || attempt > 5) throw new Error(`dnsmasq did not start:\n${output}`)
  }
}

/** The same, for who only needs to know where it is. */
export const startDns = async (owner: Owner, records: DnsRecords): Promise<string> =>
  (await startDnsServer(owner, records)).server

function configuration({ addresses = {}, mx = {}, txt = {} }: DnsRecords): string {
  const lines = [
    'no-resolv',
    'no-hosts',
    'no-daemon',
    'bind-interfaces',
    'listen-address=127.0.0.1',
    'pid-file=',
    'log-facility=-',
    `user=${userInfo().username}`,
    // Every name is ours: what is not listed does not exist.
    'local=/#/',
  ]
  for (const [name, all] of Object.entries(addresses)) lines.push(...all.map((address) => `host-record=${name},${address}`))
  for (const [name, all] of Object.entries(mx))
    lines.push(...all.map(({ host, preference }) => `mx-host=${name},${host},${preference}`))
  for (const [name, all] of Object.entries(txt)) lines.push(...all.map((text) => `txt-record=${name},${characterStrings(text)}`))
  return `${lines.join('\n')}\n`
}

/** RFC 1035 3.3.14: a long text is several strings of at most 255 octets. */
const characterStrings = (text: string): string => (text.match(/.{1,200}/g) ?? ['']).map((part) => `"${part}"`).join(',')

/** Its output is '' once it answers, or what it wrote if it ended. */
async function start(owner: Owner, args: readonly string[]): Promise<{ output: string; stop: () => Promise<void> }> {
  const child = spawn('dnsmasq', args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, PATH: TOOLS_PATH } })
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill()
    await ended
  }
  defer(owner, stop)
  let said = ''
  const output = await new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString()
      if (/started, version/.test(said)) resolve('')
    })
    void ended.then(() => resolve(said || 'it said nothing'), reject)
  })
  return { output, stop }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}
