/** The bus between processes: LISTEN and NOTIFY on one connection, which is made again whenever it breaks. */
import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { clientConfig } from './connection.ts'
import type { DatabaseAddress } from './connection.ts'

export interface BusLink {
  send(key: string): void
  close(): Promise<void>
}

const CHANNEL = 'ceralacca_changes'
/** Hints of this time go together. */
const GATHER_MS = 20
/** PostgreSQL takes payloads of less than 8000 bytes. */
const MAX_PAYLOAD = 7999
const RECONNECT_MS = [50, 200, 1000, 5000]

/** @param to.hint is called with each key that another process sent */
export function createBusLink(address: DatabaseAddress, to: { hint(key: string): void; warn(message: string): void }): BusLink {
  const self = randomUUID()
  const gathered = new Set<string>()
  let gathering: NodeJS.Timeout | undefined
  let reconnecting: NodeJS.Timeout | undefined
  let client: Client | undefined
  let failures = 0
  let closed = false
  let connecting = connect()

  async function connect(): Promise<void> {
    const fresh = new Client(clientConfig(address, 'ceralacca bus'))
    fresh.on('notification', ({ payload = '' }) => receive(payload))
    fresh.on('error', () => undefined)
    fresh.once('end', () => lost(fresh))
    try {
      await fresh.connect()
      await fresh.query(`listen ${CHANNEL}`)
      client = fresh
      failures = 0
    } catch (error) {
      if (!closed) to.warn(`the bus has no connection: ${error instanceof Error ? error.message : String(error)}`)
      await fresh.end()
    }
  }

  /** Hints that are gathered or on their way are lost with the connection: nobody may rely on them. */
  function lost(which: Client): void {
    if (client === which) client = undefined
    if (closed || client !== undefined || reconnecting !== undefined) return
    const pause = RECONNECT_MS[Math.min(failures++, RECONNECT_MS.length - 1)]
    reconnecting = setTimeout(() => {
      reconnecting = undefined
      connecting = connect()
    }, pause)
    reconnecting.unref()
  }

  function receive(payload: string): void {
    const [sender, ...keys] = payload.split('\n')
    if (sender !== self) for (const key of keys) to.hint(key)
  }

  async function flush(): Promise<void> {
    gathering = undefined
    const payloads = packPayloads(self, gathered)
    gathered.clear()
    if (client === undefined || payloads.length === 0) return
    try {
      await client.query({
        name: 'notify',
        text: `select pg_notify('${CHANNEL}', p) from unnest($1::text[]) p`,
        values: [payloads],
      })
    } catch (error) {
      to.warn(`hints were not sent: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  return {
    send(key) {
      gathered.add(key)
      gathering ??= setTimeout(() => void flush(), GATHER_MS)
    },
    async close() {
      closed = true
      clearTimeout(gathering)
      clearTimeout(reconnecting)
      await connecting
      await flush()
      await client?.end()
    },
  }
}

/** The sender's name and the keys, one a line, in as few payloads as the limit allows. A key that fits in none is left out. */
export function packPayloads(sender: string, keys: Iterable<string>): string[] {
  const payloads: string[] = []
  let current = sender
  let size = Buffer.byteLength(sender)
  for (const key of keys) {
    const more = Buffer.byteLength(key) + 1
    if (Buffer.byteLength(sender) + more > MAX_PAYLOAD) continue
    if (size + more > MAX_PAYLOAD) {
      payloads.push(current)
      current = sender
      size = Buffer.byteLength(sender)
    }
    current += `\n${key}`
    size += more
  }
  return current === sender ? payloads : [...payloads, current]
}
