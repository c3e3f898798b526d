/** Asks the API of a running provider, as a browser with one cookie, or a program, does; signs in an operator. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Secret, TOTP } from 'otpauth'
import type { Account, Provider } from './provider.ts'

export interface Asked {
  readonly headers?: Record<string, string>
  /** sent as JSON */
  readonly body?: object
  /** sent as multipart/form-data, with fields beside it */
  readonly file?: Buffer
  readonly fields?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number | undefined
  /** the cookie that was set */
  readonly cookie: string | undefined
  readonly body: Record<string, unknown>
}

export interface Browser {
  /** @param path behind /api/v1 */
  ask(method: string, path: string, asked?: Asked): Promise<Answered>
  keep(cookie: string): void
  cookie(): string
}

async function formOf(file: Buffer, fields: Readonly<Record<string, string>>) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', new Blob([new Uint8Array(file)]), 'file')
  const sent = new Response(form)
  return { type: sent.headers.get('content-type') ?? '', bytes: Buffer.from(await sent.arrayBuffer()) }
}

export function openBrowser({ ca, ports }: Provider): Browser {
  const trusted = readFileSync(ca)
  let cookie = ''
  return {
    keep: (other) => void (cookie = other),
    cookie: () => cookie,

    async ask(method, path, { headers = {}, body, file, fields = {} } = {}) {
      const form = file && (await formOf(file, fields))
      const type = form?.type ?? (body && 'application/json')
      const sent = request(`https://localhost:${ports.https}/api/v1${path}`, {
        method,
        ca: trusted,
        headers: { cookie, ...(type !== undefined && { 'content-type': type }), ...headers },
      })
      sent.end(form?.bytes ?? (body && JSON.stringify(body)))
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      const answered = await text(response)
      const given = response.headers['set-cookie']?.[0]
      if (given !== undefined) cookie = given.split(';')[0] ?? ''
      const parsed = answered === '' ? {} : (JSON.parse(answered) as Record<string, unknown>)
      return { status: response.statusCode, cookie: given, body: parsed }
    },
  }
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })

export const basic = ({ address, password }: Account): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${address}:${password}`).toString('base64')}`,
})

/** The password of the demo's operator, who has all roles. */
export const operatorOf = ({ dataFolder }: Provider): { user: string; password: string } =>
  (JSON.parse(readFileSync(join(dataFolder, 'demo.json'), 'utf8')) as { operator: { user: string; password: string } }).operator

/** Signs the demo's operator in, with a second factor that is made at the first time. */
export function operatorSignIn(provider: Provider, browser: Browser, now: () => number): () => Promise<void> {
  const { user: name, password } = operatorOf(provider)
  let totp: TOTP | undefined
  return async () => {
    const code = (): string => totp?.generate({ timestamp: now() }) ?? ''
    await browser.ask('POST', '/operator/session', { body: { name, password } })
    if (!totp) {
      const { body } = await browser.ask('POST', '/operator/second-factors/totp', { body: {} })
      totp = new TOTP({ secret: Secret.fromBase32(String(body['secret'])) })
      await browser.ask('POST', '/operator/second-factors/totp/confirm', { body: { code: code() } })
    } else await browser.ask('POST', '/operator/session/totp', { body: { code: code() } })
    assert.equal((await browser.ask('GET', '/operator/session')).body['stage'], 'full')
  }
}
