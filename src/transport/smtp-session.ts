/**
 * A session with one SMTP server, for message after message: nodemailer's SMTPConnection with time bounds for every step, a result for
 * each recipient, and a clear word on whether a message that was cut off can have been taken. Nothing here rejects.
 *
 * Bytes go out as they are, but for dot-stuffing (RFC 5321 4.5.2); the library makes CRLF of a bare LF or CR, which no message of ours has.
 */
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionEnvelopeInfo, SMTPEnvelope, SMTPError } from 'nodemailer/lib/smtp-connection'
import { streamOf } from './smtp-content.ts'
import type { TimeBounds } from './smtp-open.ts'
import { deferred, failed, verdictOfReply } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** One message to some recipients of one host. */
export interface Transfer {
  /** '' for the null reverse path */
  readonly from: string
  /** each once */
  readonly to: readonly string[]
  readonly content: readonly Buffer[]
  readonly size: number
  readonly eightBit: boolean
}

/** `lost`: the session broke and the server surely has not taken the message, so it may go another way at once. */
export type Sent = { readonly results: ReadonlyMap<string, Verdict> } | { readonly lost: Verdict }

export interface Session {
  /** messages before */
  readonly served: number
  readonly alive: boolean
  /** One at a time. */
  send(transfer: Transfer): Promise<Sent>
  /** Ends an idle session politely. */
  quit(): void
  /** Ends it now; a message on its way is lost, or deferred if it may have been taken. */
  abort(reason: Verdict): void
}

const QUIT_MS = 2000

/** @param onEnd told once, when the session is no more */
export function createSession(
  connection: SMTPConnection,
  { host, bounds, onEnd }: { readonly host: string; readonly bounds: TimeBounds; readonly onEnd: () => void },
): Session {
  let served = 0
  let alive = true
  /** settles the message on its way */
  let breakOff: ((reason: Verdict) => void) | undefined

  function end(reason: Verdict): void {
    breakOff?.(reason)
    if (!alive) return
    alive = false
    connection.close()
    onEnd()
  }

  connection.removeAllListeners('error')
  let trouble = 'connection closed'
  connection.on('error', (error: SMTPError) => {
    trouble = error.message
  })
  // The library answers a message on its way in the same turn; where it does not, this does.
  connection.once('end', () => queueMicrotask(() => end(deferred('4.4.2', `${host}: ${trouble}`))))

  /** Back to the state before MAIL; a session that cannot is given up. */
  function reset(): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = (): void => end(deferred('4.4.2', `${host}: no answer to RSET`))
      const timer = setTimeout(giveUp, bounds.command)
      const done = (): void => {
        clearTimeout(timer)
        breakOff = undefined
        resolve()
      }
      breakOff = done
      connection.reset((error) => {
        if (error) giveUp()
        done()
      })
    })
  }

  function transmit({ from, to, content, size, eightBit }: Transfer): Promise<Sent> {
    return new Promise((resolve) => {
      const envelope: SMTPEnvelope & Partial<SMTPConnectionEnvelopeInfo> = { from, to: [...to], size, use8BitMime: eightBit }
      let phase: 'envelope' | 'data' | 'final' = 'envelope'
      let timer: NodeJS.Timeout

      /** The fate of those whom the server refused one by one, and `verdict` for all others. */
      function resultsWith(verdict: Verdict): Sent {
        const results = new Map(to.map((recipient) => [recipient, verdict]))
        for (const { recipient, response } of envelope.rejectedErrors ?? [])
          if (recipient !== undefined && response !== undefined) results.set(recipient, verdictOfReply(host, response, 'RCPT TO'))
        return { results }
      }

      function settle(sent: Sent): void {
        clearTimeout(timer)
        breakOff = undefined
        resolve(sent)
      }

      function watch(milliseconds: number): void {
        clearTimeout(timer)
        timer = setTimeout(() => end(deferred('4.4.2', `${host}: no answer within ${milliseconds / 1000} seconds`)), milliseconds)
      }

      breakOff = (reason) => settle(phase === 'final' ? resultsWith(reason) : { lost: reason })
      watch(bounds.command + to.length * bounds.recipient)

      const stream = streamOf(content, (last) => {
        phase = last ? 'final' : 'data'
        watch(last ? bounds.final : bounds.data)
      })

      connection.send(envelope, stream, (error, info) => {
        if (!error) return settle(resultsWith(verdictOfReply(host, info.response, 'DATA')))
        const { response = '', command = '' } = error
        if (error.code === 'EMESSAGE' && response === '')
          return settle(resultsWith(failed('5.3.4', `${host}: ${error.message} bytes (it has ${size})`)))
        if (response === '') return end(deferred('4.4.2', `${host}: ${error.message}`))
        const verdict = verdictOfReply(host, response, command)
        if (error.responseCode === 421 && phase !== 'final') return end(verdict)
        // Without a sender the replies to RCPT say nothing of the recipients.
        if (command === 'MAIL FROM') settle({ results: new Map(to.map((recipient) => [recipient, verdict])) })
        else settle(resultsWith(verdict))
        // An answer in the middle of the message: what is still to be sent would be read as commands.
        if (phase === 'data') return end(verdict)
      })
    })
  }

  return {
    get served() {
      return served
    },
    get alive() {
      return alive
    },
    async send(transfer) {
      if (!alive) return { lost: deferred('4.4.2', `${host}: ${trouble}`) }
      const sent = await transmit(transfer)
      served++
      const taken = 'results' in sent && [...sent.results.values()].some(({ outcome }) => outcome === 'sent')
      if (alive && !taken) await reset()
      return sent
    },
    quit() {
      if (!alive) return
      alive = false
      connection.quit()
      const timer = setTimeout(() => connection.close(), QUIT_MS)
      connection.once('end', () => clearTimeout(timer))
      onEnd()
    },
    abort: end,
  }
}
