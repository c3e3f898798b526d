/** What came of the link. */
import { banner } from '../common/banner.ts'
import { element } from '../common/elements.ts'
import type { Language } from '../common/language.ts'
import type { Activated, Purpose } from './api.ts'
import { LATER, OVER, TEXTS, type Failure, type Texts } from './words.ts'

export type Outcome =
  | { readonly kind: 'confirmed' }
  | { readonly kind: 'activated'; readonly activated: Activated }
  | { readonly kind: 'failed'; readonly code: string }

export interface Acts {
  readonly copy: (text: string) => Promise<void>
  readonly retry: () => Promise<void>
}

export const mayRetry = (purpose: Purpose, code: string): boolean => OVER.it[purpose][code] === undefined

/** What the page knows no words for is ours, and may work later. */
export const failureOf = (purpose: Purpose, code: string, language: Language): Failure =>
  OVER[language][purpose][code] ?? LATER[language][code] ?? LATER[language]['not-now'] ?? ['', '']

function button(
  look: 'main' | 'plain',
  text: string,
  press: () => Promise<void>,
  attributes: Readonly<Record<string, string>> = {},
) {
  const made = element('button', { type: 'button', class: look, ...attributes }, text)
  made.addEventListener('click', () => void press())
  return made
}

/** Names and values for a mail program; STARTTLS where TLS from the beginning cannot be. */
function parameters({ address, serverName, ports }: Activated, texts: Texts): (readonly [name: string, value: string])[] {
  const secured = (tls: number, starttls: number): string =>
    `${texts.port} ${tls}, SSL/TLS (${texts.or} ${texts.port} ${starttls}, STARTTLS)`
  return [
    [texts.user, address],
    [texts.server, serverName],
    [texts.imap, secured(ports.imaps, ports.imap)],
    [texts.pop3, secured(ports.pop3s, ports.pop3)],
    [texts.smtp, `${secured(ports.submissions, ports.submission)}, ${texts.authenticated}`],
  ]
}

function activatedView(activated: Activated, texts: Texts, { copy }: Acts): HTMLElement[] {
  const rows = parameters(activated, texts)
  // Ports are typed or chosen in a list; what is pasted are names.
  const pasted = [texts.user, texts.server]
  const copying = (name: string, value: string): HTMLElement[] =>
    pasted.includes(name)
      ? [
          element(
            'dd',
            {},
            button('plain', texts.copy, () => copy(value), { 'aria-label': `${texts.copy}: ${name}` }),
          ),
        ]
      : []
  const cells = rows.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value), ...copying(name, value)),
  )
  const all = rows.map(([name, value]) => `${name}: ${value}`).join('\n')
  return [
    banner('good', texts.activated, texts.activatedHelp),
    element('h3', {}, texts.parameters),
    element('dl', { class: 'parameters' }, ...cells),
    element(
      'p',
      { class: 'act' },
      button('plain', texts.copyAll, () => copy(all)),
    ),
  ]
}

function confirmedView(texts: Texts): HTMLElement[] {
  const steps = [texts.document, texts.payment, texts.activation].map((text) => element('li', {}, text))
  return [banner('good', texts.confirmed), element('h3', {}, texts.next), element('ol', { class: 'steps' }, ...steps)]
}

export function viewOf(outcome: Outcome, purpose: Purpose, language: Language, acts: Acts): HTMLElement[] {
  const texts = TEXTS[language]
  if (outcome.kind === 'confirmed') return confirmedView(texts)
  if (outcome.kind === 'activated') return activatedView(outcome.activated, texts, acts)
  const failure = banner(outcome.code === 'link-used' ? 'conditional' : 'bad', ...failureOf(purpose, outcome.code, language))
  return mayRetry(purpose, outcome.code)
    ? [failure, element('p', { class: 'act' }, button('main', texts.retry, acts.retry))]
    : [failure]
}
