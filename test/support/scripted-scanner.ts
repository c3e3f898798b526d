/** A virus scanner, played by the test: it speaks as clamd, and says what the test wants. */
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { defer, type Owner } from './cleanup.ts'

export interface ScriptedScanner {
  readonly address: string
  /** what it finds from now on */
  threat: string | null
}

/** On a free port of 127.0.0.1 until the end of the test. */
export async function startScanner(owner: Owner): Promise<ScriptedScanner> {
  const server = createServer((socket) => {
    let last = Buffer.alloc(0)
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      last = Buffer.concat([last, data]).subarray(-4)
      // A chunk of no bytes ends the stream.
      if (last.equals(Buffer.alloc(4))) socket.end(`stream: ${scanner.threat === null ? 'OK' : `${scanner.threat} FOUND`}\0`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const scanner: ScriptedScanner = { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, threat: null }
  defer(owner, async () => {
    server.close()
    await once(server, 'close')
  })
  return scanner
}
