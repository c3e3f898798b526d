/** The page that verifies an evidence bundle without any server: what is chosen or dropped is verified, and only the end of it is shown. */
import { byId, inputById } from '../common/elements.ts'
import { createLanguageSwitch } from '../common/language.ts'
import { outcomeOf, type Outcome } from './outcome.ts'
import { viewOf } from './outcome-view.ts'
import { TEXTS } from './words.ts'

const [bundleInput, authoritiesInput] = [inputById('bundle'), inputById('authorities')]
const [result, status, drop] = [byId('result'), byId('status'), byId('drop')]

const language = createLanguageSwitch(TEXTS, showState)
let bundle: File | null = null
let authorities: File | null = null
let outcome: Outcome | null = null
/** Only what was asked last is shown. */
let asked = 0

function showOutcome(): void {
  const view = outcome && viewOf(outcome, language.current())
  result.replaceChildren(...(view?.content ?? []))
  result.hidden = view === null
  const title = TEXTS[language.current()].title
  document.title = view ? `${view.verdict} – ${title}` : title
}

function showState(): void {
  const texts = TEXTS[language.current()]
  status.textContent = bundle && !outcome ? texts.checking : ''
  byId('authorities-chosen').textContent = authorities ? `${texts.authoritiesChosen} ${authorities.name}` : ''
  showOutcome()
}

/** Lets the browser paint before the work, which holds it up. */
const painted = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50))

async function verify(): Promise<void> {
  if (!bundle) return
  const mine = ++asked
  outcome = null
  showState()
  await painted()
  const found = await outcomeOf(bundle, authorities)
  if (mine !== asked) return
  outcome = found
  showState()
  byId('verdict').focus()
}

function take(files: Iterable<File>): void {
  for (const file of files) {
    if (/\.(?:pem|crt|cer)$/i.test(file.name)) authorities = file
    else bundle = file
  }
  showState()
  void verify()
}

/** Chosen once more, the same file counts again. */
function takeFrom(input: HTMLInputElement, choose: (file: File) => void): void {
  input.addEventListener('change', () => {
    const file = input.files?.[0]
    if (!file) return
    choose(file)
    showState()
    void verify()
  })
}

takeFrom(bundleInput, (file) => (bundle = file))
takeFrom(authoritiesInput, (file) => (authorities = file))

document.addEventListener('dragover', (event) => {
  event.preventDefault()
  drop.classList.add('over')
})
document.addEventListener('dragleave', () => drop.classList.remove('over'))
document.addEventListener('drop', (event) => {
  event.preventDefault()
  drop.classList.remove('over')
  take(event.dataTransfer?.files ?? [])
})

// From a server the page can be kept; from a file it is kept already.
if (location.protocol === 'https:') {
  const keep = byId('keep')
  keep.hidden = false
  keep.querySelector('a')?.setAttribute('href', location.pathname)
}
language.show()
showState()
