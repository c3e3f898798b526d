/**
 * The page of one-time links: says what the link would do, and does it when the button is pressed. Opening it changes nothing, for programs that
 * look into mail open links too. The token stands behind "#" and leaves the address bar at once: it stays in no history.
 */
import { LINK_PAGES } from '../../src/notices/letters/link-pages.ts'
import { PASSWORD_LENGTH } from '../../src/registry/password-rule.ts'
import { byId, inputById } from '../common/elements.ts'
import { createLanguageSwitch } from '../common/language.ts'
import { createApi, type Answer, type Purpose } from './api.ts'
import { failureOf, mayRetry, viewOf, type Outcome } from './outcome-view.ts'
import { TEXTS, type Texts } from './words.ts'

const api = createApi()
const [result, status] = [byId('result'), byId('status')]
const [password, again, shown] = [inputById('password'), inputById('again'), inputById('shown')]
const SECTIONS: Readonly<Record<Purpose, HTMLElement>> = { 'confirm-email': byId('confirm'), activate: byId('activate') }

let token = ''
/** As the path says, until the server has told. */
let purpose: Purpose = location.pathname === LINK_PAGES.activation ? 'activate' : 'confirm-email'
/** the link was looked at, and would do what it says */
let ready = false
let busy = false
let outcome: Outcome | null = null
/** What the line of status says, in any language. */
let saying: (texts: Texts) => string = () => ''
const wrongs = new Map<HTMLInputElement, keyof Texts>()

const language = createLanguageSwitch(TEXTS, show)

function show(): void {
  const now = language.current()
  const texts = TEXTS[now]
  const title = purpose === 'activate' ? texts.activateTitle : texts.confirmTitle
  byId('title').textContent = title
  for (const [of, section] of Object.entries(SECTIONS)) section.hidden = !ready || outcome !== null || of !== purpose
  for (const button of document.querySelectorAll('button.main')) button.ariaDisabled = String(busy)
  for (const input of [password, again]) {
    const wrong = wrongs.get(input)
    input.ariaInvalid = String(wrong !== undefined)
    byId(`${input.id}-wrong`).textContent = wrong === undefined ? '' : texts[wrong]
  }
  status.textContent = saying(texts)
  result.hidden = outcome === null
  result.replaceChildren(...(outcome ? viewOf(outcome, purpose, now, { copy, retry }) : []))
  const verdict = document.getElementById('verdict')?.textContent
  document.title = verdict ? `${verdict} – ${title}` : title
}

function end(came: Outcome): void {
  outcome = came
  saying = () => ''
  for (const input of [password, again]) input.value = ''
  show()
  byId('verdict').focus()
}

/** @returns what was answered, or undefined if the person was told why there is none */
async function asked<T>(question: Promise<Answer<T>>): Promise<T | undefined> {
  busy = true
  saying = (texts) => (ready ? texts.working : texts.looking)
  show()
  const answer = await question
  busy = false
  saying = () => ''
  if ('data' in answer) return answer.data
  const { code } = answer
  if (code === 'weak-password') refuse(password, 'weak')
  else if (!ready || !mayRetry(purpose, code)) end({ kind: 'failed', code })
  else {
    saying = () => failureOf(purpose, code, language.current()).join(' ')
    show()
  }
  return undefined
}

async function look(): Promise<void> {
  outcome = null
  const found = await asked(api.lookAt(token))
  if (!found) return
  purpose = found.purpose
  byId('email').textContent = found.email
  byId('wanted').textContent = found.address
  inputById('user').value = found.address
  ready = true
  show()
}

/** The button that was pressed is gone: the focus goes to what has come. */
async function retry(): Promise<void> {
  await look()
  if (ready) byId('main').focus()
}

function start(): void {
  token = location.hash.slice(1)
  history.replaceState(null, '', location.pathname)
  ready = false
  if (token === '') end({ kind: 'failed', code: 'bad-link' })
  else void look()
}

async function confirm(): Promise<void> {
  if (busy) return
  if (await asked(api.confirm(token))) end({ kind: 'confirmed' })
}

function refuse(input: HTMLInputElement, wrong: keyof Texts): void {
  wrongs.set(input, wrong)
  show()
  input.focus()
}

async function activate(): Promise<void> {
  if (busy) return
  wrongs.clear()
  const { length } = password.value
  if (length < PASSWORD_LENGTH.least) return refuse(password, 'tooShort')
  if (length > PASSWORD_LENGTH.most) return refuse(password, 'tooLong')
  if (password.value !== again.value) return refuse(again, 'differ')
  const activated = await asked(api.activate(token, password.value))
  if (activated) end({ kind: 'activated', activated })
}

async function copy(text: string): Promise<void> {
  const copied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )
  saying = (texts) => (copied ? texts.copied : texts.notCopied)
  status.textContent = saying(TEXTS[language.current()])
}

byId('confirm-button').addEventListener('click', () => void confirm())
byId('activate').addEventListener('submit', (event) => {
  event.preventDefault()
  void activate()
})
shown.addEventListener('change', () => {
  for (const input of [password, again]) input.type = shown.checked ? 'text' : 'password'
})
// Another link in the same window; "#main" is where the link that skips the header leads.
addEventListener('hashchange', () => {
  if (location.hash !== '' && location.hash !== '#main') start()
})

language.show()
start()
