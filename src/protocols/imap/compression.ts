/**
 * COMPRESS=DEFLATE (RFC 4978): what goes to the client is deflated, what comes from it inflated. A connection takes some 100 KB for it, whatever
 * is sent, and 64 KB less while it rests: both directions hold what the other side does not take, and little more.
 */
import type { Duplex, Readable, Writable } from 'node:stream'
import { constants, createInflateRaw } from 'node:zlib'
import { Deflating } from './deflating.ts'

/** Mail and what IMAP says compress well with little; base64 hardly does with much. */
const DEFLATE = { level: 1, windowBits: 13, memLevel: 6, chunkSize: 8 * 1024 } as const
/** The client may use the largest window. What breaks off has ended. */
const INFLATE = { windowBits: 15, chunkSize: 8 * 1024, finishFlush: constants.Z_SYNC_FLUSH } as const

export interface Compressed {
  /** plain bytes for the client; when it ends the socket does */
  readonly sink: Writable
  /** makes the sink pass on what it was given */
  readonly hurry: () => void
  /** gives back what is kept of what was sent, as far as it has been passed on; answers whether there was any */
  readonly release: () => boolean
  /** plain bytes from the client */
  readonly source: Readable
}

/** @param rest bytes from the client that were read already, but not used: they are compressed */
export function compress(socket: Duplex, rest: Buffer): Compressed {
  const deflate = new Deflating(socket, DEFLATE)
  const inflate = createInflateRaw(INFLATE)
  if (rest.length > 0) inflate.write(rest)
  socket.pipe(inflate)
  // What cannot be inflated leaves nothing that could be understood.
  inflate.on('error', () => socket.destroy())
  deflate.on('error', () => socket.destroy())
  socket.on('close', () => {
    deflate.destroy()
    inflate.destroy()
  })
  return { sink: deflate, hurry: () => deflate.hurry(), release: () => deflate.release(), source: inflate }
}
