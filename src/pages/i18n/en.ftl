# English. A draft until reviewed. One idea a sentence; none over 25 words.

## Frame
title = Your data
title-step = Your data · step { $step }
title-error = Error: your data
service = Your data
skip = Skip to content
languages = Language
leave = Leave
help = Also in person or by phone, on 012.
footer-notice = How we use the data
footer-exchanges = Who asked for my data
footer = You can complain to the Catalan Data Protection Authority.
step = Step { $step } of 3
go-on = Continue
change = Change
to-start = Back to the start
fetch = Ask for the data now
ask-again = Try again
decide-again = Change the decision
proof-get = Download the proof

## Entry
entry-title = Ask public bodies for what they already know about you
entry-lead = { $body } can suggest social aid to you. To do so, it needs some of your data.
entry-need = You need to sign in. It takes about three minutes.
entry-free = You can say no to any part.
entry-providers = How do you sign in?
entry-none = Have none of these? Call 012 or go to the citizens' office.

## Home
home-title = Your data
home-choose = Choose what we may ask for
home-choose-lead = One organisation at a time. You can say no.
home-exchanges = Who asked for my data
home-exchanges-lead = Every request, with its proof.
home-granted = What you have permitted
home-none-granted = Nothing is permitted now. We ask for nothing.

## Notice
notice-more = More information
notice-not-yet = You permit nothing yet. You choose on the next page.
notice-draft = This translation is not reviewed yet. You can read it. To decide, choose one of these languages.

## Choice
choose-title = Which organisations may we ask for your data?
choose-free = You can say no and go on. You can enter the data yourself.
choose-details = What exactly we ask for
choose-yes = Yes, you may ask
choose-no = No, do not ask
choose-blank = If you choose nothing, we will not ask.
choose-all-yes = Yes to all
choose-all-no = No to all
standing-expired = You gave permission on { $since }. It ended on { $until }.
standing-granted = Permitted from { $since } until { $until }.
standing-invalidated = You gave permission on { $since }. The text has changed, so please decide again.
standing-refused = You said no on { $since }.
standing-withdrawn = You withdrew permission on { $since }.

## Check
check-title = Is this what you decide?
check-lead = Nothing counts until you confirm.
check-yes = Yes, you may ask
check-no = No
check-open = No answer: we will not ask
check-until = Until { $date }.
check-withdraw = You can withdraw whenever you like, with one button.
check-submit = Confirm my decisions

## Receipt
receipt-title = Done. This is your receipt
receipt-until = until { $date }
receipt-keep = Receipt
receipt-code = Code
receipt-body = Who is asking
receipt-date = Date
receipt-get = Download the receipt
receipt-withdrawn-title = Done. You withdrew permission
receipt-withdrawn-lead = We will not ask these again:
receipt-withdrawn-from = It counts from { $date }.
receipt-withdrawn-stays = What was already asked was right and stays in the record. We deleted the answers we kept.
recipients-title = Who had received your data
recipient-acknowledged = confirmed that they know
recipient-acknowledged-at = confirmed on { $date }
recipient-not-connected = we tell them by other means
recipient-pending = we are telling them
recipient-refused = did not take the message; we are dealing with it

## Withdrawal
withdraw = Withdraw permission
withdraw-effect = We stop asking at once. What was already asked stays in the record.
withdraw-all = Withdraw everything
withdraw-all-effect = We stop asking every organisation at once.

## Progress
progress-title = { $asked ->
    [one] We are asking 1 organisation
   *[other] We are asking { $asked } organisations
}
progress-lead = It can take a minute. You can close this page; nothing is lost.
progress-count = { $done } of { $asked }
progress-finished = We have finished asking.
progress-interrupted = The request stopped halfway. What was asked is in the record. Try again.
progress-refresh = Refresh
progress-go-on = Continue with what we have
source-asking = asking
source-discarded = stopped: you withdrew it
source-failed = not answering now
source-no-data = no record
source-not-asked = not asked
source-received = received
source-waiting = waiting
source-waiting-behind = { $ahead ->
    [0] waiting: next in line
    [1] waiting: 1 request ahead
   *[other] waiting: { $ahead } requests ahead
}

## Profile
facts-title = This is what we know
facts-summary = { $missing ->
    [0] Nothing is missing.
    [one] 1 of { $total } facts is missing.
   *[other] { $missing } of { $total } facts are missing.
}
facts-lead = We keep the answers for 15 minutes.
facts-wrong = If a fact is wrong, ask the organisation that holds it to correct it.
facts-income = Income
facts-work = Work
facts-home = Who you live with
facts-you = You
fact-income = Income of one year
fact-work = Work
fact-household-size = People at home
fact-municipality = Municipality
fact-verified = Identity document
fact-birth-date = Date of birth
fact-nationality = Nationality
fact-of-day = as of { $date }
fact-of-year = year { $year }
fact-obtained = Obtained on { $date }
value-zero = { $amount }, confirmed by the organisation
value-income-floor = at least { $amount } gross
value-income-gross = { $amount } gross
value-income-level = { $amount }, income level
value-income-level-joint = { $amount }, income level of everybody on the joint return
value-income-base = { $amount }, taxable base
value-income-base-joint = { $amount }, taxable base of everybody on the joint return
value-in-work = Recorded as working
value-not-in-work = Recorded as not working
value-people = { $count ->
    [one] 1 person
   *[other] { $count } people
}
value-municipality = Municipality with code { $code }
value-verified = Checked
value-not-verified = The surname does not match
look-value = Received
look-zero = Confirmed zero
look-no-record = No record
look-not-permitted = Not permitted
look-not-answering = Not answering
look-unknown = We do not know
gap-not-asked = We did not ask. Without this, some aid cannot be suggested.
gap-refused = You did not give permission. Without this, some aid cannot be suggested.
gap-revoked = You withdrew it. Without this, some aid cannot be suggested.
gap-expired = The permission ended. Without this, some aid cannot be suggested.
gap-no-record = The organisation says it has no record. That does not mean zero.
gap-no-return = There is no { $year } tax return. You may not have had to file one.
gap-year-unavailable = The organisation does not have that year yet.
gap-not-answering = The organisation is not answering now. The rest is here. Try again later.
gap-not-applicable = This question does not apply to you.
gap-document = The organisation cannot be asked with this document.
gap-not-askable = We lack something we need to ask. Call 012.
gap-not-identified = The organisation did not find you by this document.
gap-several-returns = There are several tax returns and the organisation gives no amount.
gap-joint-return = The tax return is a joint one. The amount is of two people, so we do not show it.
gap-cannot-tell = The answer does not settle it.

## Who asked
log-title = Who asked for my data
log-coverage = Only requests through this service. The others are in El Meu Espai.
log-empty = Nobody has asked for your data through this service yet.
log-count = { $total ->
    [one] 1 request in all.
   *[other] { $total } requests in all.
}
log-row-income = { $body } asked the Tax Agency for your income of one year, on { $date }.
log-row-level = { $body } asked the Tax Agency for your income level, on { $date }.
log-row-work = { $body } asked Social Security whether you were working, on { $date }.
log-row-identity = { $body } asked the Police for your date of birth and nationality, on { $date }.
log-row-household = { $body } asked the municipal register how many people you live with, on { $date }.
log-row-cohabitants = { $body } asked the municipal register how many people of your household live at one address, on { $date }.
log-row-other = { $body } asked for your data ({ $product }), on { $date }.
log-permitted = You gave permission.
log-result-used = Received and used
log-result-unused = Received, not used
log-result-no-data = No record
log-result-denied = The organisation said no
log-result-discarded = Deleted unread: you had withdrawn it
log-result-failed = It did not answer
log-result-open = Under way
log-number = Entry { $number } of your record
log-next = Earlier requests
log-proof-how = The proof is a file that shows the request was made. Anyone can check it with the program “verifier”, without this service.

## Household
invite-title = You were given a link
invite-neutral = With this link you can join other people. Sign in to learn what it is about.
invite-free = You do not have to. If you do nothing, nothing happens.
invite-lead = You are asked to complete the data of a household. You may leave it unanswered. Nobody will know whether you said no or never answered.
invite-purpose = It lets { $body } suggest social aid to the household. It uses the data of everyone who permits it.
invite-infer = If you permit it, the others in the household can learn that everyone has. They see none of your data.
invite-nothing = Joining permits nothing. You can leave whenever you like.
invite-birth = Date of birth, only if you are 14 to 17
invite-join = Join
joined-title = You are in the household
joined-lead = You have permitted nothing yet. You can permit, not permit, or leave the household from where you use the service.

## Troubles
error-title = There is a problem
error-code = Code:
error-to-start = Back to the start
error-to-notice = Read and choose
error-to-exchanges = See the record of requests
error-draft = This translation is not reviewed, so nobody can decide on it. Nothing was saved. Choose Catalan or Spanish.
error-forged = The form does not come from this session. Nothing was asked or saved. Go back to the start.
error-gone = We no longer keep those answers. They go after 15 minutes or when you withdraw permission. You can ask again.
error-internal = The service failed. See the record: everything that was asked is there. Try again later.
error-invitation = This link cannot be used. Nothing was saved. Ask whoever gave it to you for another.
error-log-down = We cannot record the request now, and without a record we do not ask. Nothing was asked.
error-logged-out = You have to sign in to see this page. If you had signed in, the session closed for safety. You will go on where you were.
error-login-cancelled = You did not finish signing in. Nothing was asked or saved. You can try again.
error-login-document = We cannot use the document you signed in with. Nothing was saved. Try another way to sign in.
error-login-expired = Signing in took too long or was already used. Nothing was saved. Start again.
error-login-level = This service needs a stronger sign-in. Nothing was saved. Try another way to sign in.
error-login-other-browser = The sign-in began in another browser. Nothing was saved. Start again in this one.
error-login-provider = The sign-in service is not answering well. Nothing was saved. Try another one, or come back later.
error-malformed = We did not understand the form. Nothing was asked or saved. Go back to the start.
error-nothing-permitted = Nothing is permitted. Nothing was asked.
error-needs-guardian = Under 14, whoever holds parental authority answers. Nothing was saved.
error-not-found = There is no such page. Nothing was asked or saved.
error-proof-pending = The proof is not ready yet. Come back in a few seconds. The request is already in the record.
error-read-again = The text or your decision changed meanwhile. Nothing was saved. Read and decide again.
error-revoked = The permission changed meanwhile. No data are shown. You can decide again.
error-step-up = This step needs a stronger sign-in. Nothing was asked or saved. Leave and sign in again.
error-too-many = Too many requests arrived at once. Nothing was asked or saved this time. Wait a few seconds and try again.
error-unavailable = The service cannot save or read anything now. Nothing you just did was saved. Try again later.
error-withdrawal-failed = We could not record the withdrawal. Try again or call 012. See at the start what is still permitted.
