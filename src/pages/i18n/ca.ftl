# Català. Tractament de vós. Una idea per frase; cap de més de 25 paraules.

## Frame
title = Les vostres dades
title-step = Les vostres dades · pas { $step }
title-error = Error: les vostres dades
service = Les vostres dades
skip = Ves al contingut
languages = Idioma
leave = Surt
help = També en persona o per telèfon, al 012.
footer-notice = Com fem servir les dades
footer-exchanges = Qui ha consultat les meves dades
footer = Podeu reclamar a l'Autoritat Catalana de Protecció de Dades.
step = Pas { $step } de 3
go-on = Continua
change = Canvia
to-start = Torna a l'inici
fetch = Demana les dades ara
ask-again = Torna-ho a provar
decide-again = Canvia la decisió
proof-get = Baixa la prova

## Entry
entry-title = Demaneu a les administracions el que ja saben de vós
entry-lead = { $body } us pot recomanar ajuts socials. Per fer-ho, necessita algunes dades vostres.
entry-need = Us cal identificar-vos. Són uns tres minuts.
entry-free = Podeu dir que no a qualsevol part.
entry-providers = Com us identifiqueu?
entry-none = No en teniu cap? Truqueu al 012 o aneu a l'oficina d'atenció ciutadana.

## Home
home-title = Les vostres dades
home-choose = Trieu què podem demanar
home-choose-lead = Organisme per organisme. Podeu dir que no.
home-exchanges = Qui ha consultat les meves dades
home-exchanges-lead = Cada consulta, amb la seva prova.
home-granted = El que heu autoritzat
home-none-granted = Ara no hi ha res autoritzat. No demanem res.

## Notice
notice-more = Més informació
notice-not-yet = Encara no autoritzeu res. Triareu a la pàgina següent.
notice-draft = Aquesta traducció encara no està revisada. La podeu llegir. Per decidir, trieu un d'aquests idiomes.

## Choice
choose-title = De quins organismes podem demanar les vostres dades?
choose-free = Podeu dir que no i continuar. Podreu escriure les dades a mà.
choose-details = Què demanem exactament
choose-yes = Sí, ho autoritzo
choose-no = No, no ho autoritzo
choose-blank = Si no trieu res, no ho demanarem.
choose-all-yes = Sí a totes
choose-all-no = No a totes
standing-expired = Ho vau autoritzar el { $since }. L'autorització va caducar el { $until }.
standing-granted = Autoritzat des del { $since } fins al { $until }.
standing-invalidated = Ho vau autoritzar el { $since }. El text ha canviat i cal tornar a decidir.
standing-refused = Vau dir que no el { $since }.
standing-withdrawn = Vau retirar l'autorització el { $since }.

## Check
check-title = És això el que decidiu?
check-lead = Res no compta fins que confirmeu.
check-yes = Sí, podeu demanar-ho
check-no = No
check-open = Sense resposta: no es demana
check-until = Fins al { $date }.
check-withdraw = Podreu retirar-ho quan vulgueu, amb un sol botó.
check-submit = Confirma les meves decisions

## Receipt
receipt-title = Fet. Aquest és el vostre justificant
receipt-until = fins al { $date }
receipt-keep = Justificant
receipt-code = Codi
receipt-body = Qui ho demana
receipt-date = Data
receipt-get = Baixa el justificant
receipt-withdrawn-title = Fet. Heu retirat l'autorització
receipt-withdrawn-lead = Ja no demanarem res més a:
receipt-withdrawn-from = Val des del { $date }.
receipt-withdrawn-stays = El que ja es va demanar era correcte i continua al registre. Hem esborrat les respostes que guardàvem.
recipients-title = Qui havia rebut les vostres dades
recipient-acknowledged = ha confirmat que ho sap
recipient-acknowledged-at = ho ha confirmat el { $date }
recipient-not-connected = l'avisarem nosaltres per una altra via
recipient-pending = l'estem avisant
recipient-refused = no ha acceptat l'avís; ens n'ocupem

## Withdrawal
withdraw = Retira l'autorització
withdraw-effect = Deixem de demanar-ho ara mateix. El que ja es va demanar continua al registre.
withdraw-all = Retira-ho tot
withdraw-all-effect = Deixem de demanar dades a tots els organismes ara mateix.

## Progress
progress-title = { $asked ->
    [one] Preguntem a 1 organisme
   *[other] Preguntem a { $asked } organismes
}
progress-lead = Pot trigar un minut. Podeu tancar la pàgina: no perdreu res.
progress-count = { $done } de { $asked }
progress-finished = Ja hem acabat de preguntar.
progress-interrupted = La consulta s'ha aturat a mitges. El que es va demanar és al registre. Torneu-ho a provar.
progress-refresh = Actualitza
progress-go-on = Continua amb el que tenim
source-asking = preguntant
source-discarded = aturat: ho heu retirat
source-failed = no respon ara
source-no-data = no hi consta res
source-not-asked = no es pregunta
source-received = rebut
source-waiting = en espera
source-waiting-behind = { $ahead ->
    [0] en espera: és la següent
    [1] en espera: hi ha 1 consulta davant
   *[other] en espera: hi ha { $ahead } consultes davant
}

## Profile
facts-title = Això és el que sabem
facts-summary = { $missing ->
    [0] Tenim totes les dades.
    [one] Falta 1 de { $total } dades.
   *[other] Falten { $missing } de { $total } dades.
}
facts-lead = Guardem les respostes 15 minuts.
facts-wrong = Si una dada no és correcta, demaneu que la corregeixi l'organisme que la té.
facts-income = Ingressos
facts-work = Feina
facts-home = Amb qui viviu
facts-you = Vós
fact-income = Ingressos d'un any
fact-work = Feina
fact-household-size = Persones a casa
fact-municipality = Municipi
fact-verified = Document d'identitat
fact-birth-date = Data de naixement
fact-nationality = Nacionalitat
fact-of-day = dada del { $date }
fact-of-year = any { $year }
fact-obtained = Obtingut el { $date }
value-zero = { $amount }, confirmat per l'organisme
value-income-floor = { $amount } bruts, com a mínim
value-income-gross = { $amount } bruts
value-income-level = { $amount } de nivell de renda
value-income-level-joint = { $amount } de nivell de renda, de tothom que consta a la declaració conjunta
value-income-base = { $amount } de base imposable
value-income-base-joint = { $amount } de base imposable, de tothom que consta a la declaració conjunta
value-in-work = Consteu que treballeu
value-not-in-work = Consteu que no treballeu
value-people = { $count ->
    [one] 1 persona
   *[other] { $count } persones
}
value-municipality = Municipi amb codi { $code }
value-verified = Comprovat
value-not-verified = El cognom no coincideix
look-value = Rebut
look-zero = Zero confirmat
look-no-record = No consta
look-not-permitted = No autoritzat
look-not-answering = No respon
look-unknown = No ho sabem
gap-not-asked = No ho hem demanat. Sense això, alguns ajuts no es podran recomanar.
gap-refused = No ho vau autoritzar. Sense això, alguns ajuts no es podran recomanar.
gap-revoked = Ho vau retirar. Sense això, alguns ajuts no es podran recomanar.
gap-expired = L'autorització va caducar. Sense això, alguns ajuts no es podran recomanar.
gap-no-record = L'organisme diu que no hi consta res. No vol dir zero.
gap-no-return = No consta cap declaració de la renda de { $year }. Potser no l'havíeu de presentar.
gap-year-unavailable = L'organisme encara no té aquest any.
gap-not-answering = L'organisme no respon ara. La resta ja hi és. Torneu-ho a provar més tard.
gap-not-applicable = Aquesta pregunta no us correspon.
gap-document = L'organisme no es pot consultar amb aquest document.
gap-not-askable = Ens falta alguna cosa per poder preguntar. Truqueu al 012.
gap-not-identified = L'organisme no us ha trobat amb aquest document.
gap-several-returns = Consten diverses declaracions i l'organisme no diu cap import.
gap-joint-return = La declaració és conjunta. L'import és de dues persones i no el mostrem.
gap-cannot-tell = La resposta no ho aclareix.

## Who asked
log-title = Qui ha consultat les meves dades
log-coverage = Només les consultes d'aquest servei. Les altres són a El Meu Espai.
log-empty = Encara ningú no ha demanat dades vostres amb aquest servei.
log-count = { $total ->
    [one] 1 consulta en total.
   *[other] { $total } consultes en total.
}
log-row-income = { $body } va demanar els vostres ingressos d'un any a l'Agència Tributària, el { $date }.
log-row-level = { $body } va demanar el vostre nivell de renda a l'Agència Tributària, el { $date }.
log-row-work = { $body } va preguntar a la Seguretat Social si treballàveu, el { $date }.
log-row-identity = { $body } va demanar la vostra data de naixement i nacionalitat a la Policia, el { $date }.
log-row-household = { $body } va demanar al padró amb quantes persones viviu, el { $date }.
log-row-cohabitants = { $body } va preguntar al padró quantes persones de la vostra llar viuen al mateix domicili, el { $date }.
log-row-other = { $body } va demanar dades vostres ({ $product }), el { $date }.
log-permitted = Ho vau autoritzar.
log-result-used = Rebut i fet servir
log-result-unused = Rebut, no fet servir
log-result-no-data = No hi consta res
log-result-denied = L'organisme va dir que no
log-result-discarded = Esborrat sense llegir: ho havíeu retirat
log-result-failed = No va respondre
log-result-open = En curs
log-number = Anotació { $number } del vostre registre
log-next = Consultes anteriors
log-proof-how = La prova és un fitxer que demostra la consulta. Qualsevol la pot comprovar amb el programa «verifier», sense aquest servei.

## Llar
invite-title = Us han donat un enllaç
invite-neutral = Amb aquest enllaç podeu unir-vos a altres persones. Heu d'entrar per saber de què es tracta.
invite-free = No cal que ho feu. Si no feu res, no passa res.
invite-lead = Us proposen completar les dades d'una llar. Podeu no contestar. Ningú no sabrà si heu dit que no o si no heu contestat.
invite-purpose = Serveix perquè { $body } pugui recomanar ajuts socials a la llar. Ho fa amb les dades de tothom que hi doni permís.
invite-infer = Si doneu permís, les altres persones de la llar poden saber que tothom n'ha donat. No veuen cap dada vostra.
invite-nothing = Unir-vos-hi no dona cap permís. Podeu sortir-ne quan vulgueu.
invite-birth = Data de naixement, només si teniu entre 14 i 17 anys
invite-join = Unir-m'hi
joined-title = Ja sou a la llar
joined-lead = Encara no heu donat cap permís. Podeu donar-lo, no donar-lo o sortir de la llar des del lloc d'on vau rebre el servei.

## Troubles
error-title = Hi ha un problema
error-code = Codi:
error-to-start = Torna a l'inici
error-to-notice = Llegeix i tria
error-to-exchanges = Mira el registre de consultes
error-draft = Aquesta traducció no està revisada i no s'hi pot decidir. No s'ha desat res. Trieu català o castellà.
error-forged = El formulari no ve d'aquesta sessió. No s'ha demanat ni desat res. Torneu a l'inici.
error-gone = Ja no guardem aquestes respostes. S'esborren als 15 minuts o quan retireu l'autorització. Podeu tornar-les a demanar.
error-internal = El servei ha fallat. Mireu el registre: tot el que s'ha demanat hi és. Torneu-ho a provar més tard.
error-invitation = Aquest enllaç no es pot fer servir. No s'ha desat res. Demaneu-ne un altre a qui us el va donar.
error-log-down = Ara no podem anotar la consulta, i sense anotar-la no la fem. No s'ha demanat cap dada.
error-logged-out = Heu d'entrar per veure aquesta pàgina. Si ja havíeu entrat, la sessió s'ha tancat per seguretat i continuareu on éreu.
error-login-cancelled = No heu acabat d'identificar-vos. No s'ha demanat ni desat res. Podeu tornar-ho a provar.
error-login-document = No podem fer servir el document amb què us heu identificat. No s'ha desat res. Proveu una altra manera d'entrar.
error-login-expired = La identificació ha trigat massa o ja s'havia fet servir. No s'ha desat res. Torneu a començar.
error-login-level = Aquest servei demana una identificació més segura. No s'ha desat res. Proveu una altra manera d'entrar.
error-login-other-browser = La identificació va començar en un altre navegador. No s'ha desat res. Torneu a començar en aquest.
error-login-provider = El servei d'identificació no respon bé. No s'ha desat res. Proveu-ne un altre o torneu més tard.
error-malformed = No hem entès el formulari. No s'ha demanat ni desat res. Torneu a l'inici.
error-nothing-permitted = No hi ha res autoritzat. No s'ha demanat cap dada.
error-needs-guardian = Amb menys de 14 anys respon qui té la pàtria potestat. No s'ha desat res.
error-not-found = Aquesta pàgina no existeix. No s'ha demanat ni desat res.
error-proof-pending = La prova encara no està a punt. Torneu d'aquí a uns segons. La consulta ja és al registre.
error-read-again = El text o la vostra decisió han canviat mentrestant. No s'ha desat res. Torneu a llegir i decidir.
error-revoked = L'autorització ha canviat mentrestant. No es mostra cap dada. Podeu tornar a decidir.
error-step-up = Aquest pas demana una identificació més segura. No s'ha demanat ni desat res. Sortiu i torneu a entrar.
error-too-many = Han arribat massa peticions alhora. No s'ha demanat ni desat res d'aquesta. Espereu uns segons i torneu-ho a provar.
error-unavailable = El servei no pot desar ni llegir res ara. No s'ha desat res del que acabeu de fer. Torneu-ho a provar més tard.
error-withdrawal-failed = No hem pogut anotar la retirada. Torneu-ho a provar o truqueu al 012. Mireu a l'inici què continua autoritzat.
