/** What the page asks of the API. Nothing but POST, so that the token stands in no address, and no cookie goes along. */
export type Purpose = 'confirm-email' | 'activate'

export interface Looked {
  readonly purpose: Purpose
  readonly address: string
  readonly email: string | null
}

type Service = 'submissions' | 'submission' | 'imaps' | 'imap' | 'pop3s' | 'pop3'

export interface Activated {
  readonly address: string
  readonly serverName: string
  readonly ports: Readonly<Record<Service, number>>
}

/** @param code of the error, as the API names it; `unreachable` where no answer came */
export type Answer<T> = { readonly data: T } | { readonly code: string }

async function post<T>(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer<T>> {
  try {
    const answer = await fetch(`/api/v1${path}`, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    const said: unknown = await answer.json()
    if (answer.ok) return { data: said as T }
    const code: unknown = typeof said === 'object' && said !== null && 'code' in said ? said.code : null
    return { code: typeof code === 'string' ? code : 'not-now' }
  } catch {
    // No network, or something between that does not answer in JSON: the person is told to try again.
    return { code: 'unreachable' }
  }
}

/** Asked again after a line that broke, the same gets the answer that was lost: a link is used up by the first time. */
function createKeys(): (asked: string) => { 'idempotency-key': string } {
  let [last, key] = ['', '']
  return (asked) => {
    if (asked !== last) [last, key] = [asked, crypto.randomUUID()]
    return { 'idempotency-key': key }
  }
}

export function createApi() {
  const keyOf = createKeys()
  const once = <T>(path: string, body: object): Promise<Answer<T>> => post(path, body, keyOf(path + JSON.stringify(body)))
  return {
    lookAt: (token: string) => post<Looked>('/links', { token }),
    confirm: (token: string) => once<object>('/requests/confirmations', { token }),
    activate: (token: string, password: string) => once<Activated>('/activations', { token, password }),
  }
}
