# Aranés. Esborrany: tot eth tèxte demore ua revision nativa.

## Frame
title = Es vòstes donades
title-step = Es vòstes donades · pas { $step }
title-error = Error: es vòstes donades
service = Es vòstes donades
skip = Vè en contengut
languages = Lengua
leave = Gésser
help = Tanben en persona o per telefòn, en 012.
footer-notice = Com emplegam es donades
footer-exchanges = Qui a consultat es mies donades
footer = Podetz reclamar ara Autoritat Catalana de Proteccion de Donades.
step = Pas { $step } de 3
go-on = Contunhar
change = Cambiar
to-start = Tornar ar inici
fetch = Demanar es donades ara
ask-again = Tornar-ac a sajar
decide-again = Cambiar era decision
proof-get = Descargar era pròva

## Entry
entry-title = Demanatz as administracions çò que ja saben de vos
entry-lead = { $body } vos pòt recomanar ajudes sociaus. Entà hèr-ac, a besonh de quauques donades vòstes.
entry-need = Vos cau identificar-vos. Son ues tres minutes.
entry-free = Podetz díder que non a quinsevolha part.
entry-providers = Com vos identificatz?
entry-none = Non n'auetz cap? Telefonatz ath 012 o anatz ena oficina d'atencion ciutadana.

## Home
home-title = Es vòstes donades
home-choose = Alistar qué podem demanar
home-choose-lead = Organisme per organisme. Podetz díder que non.
home-exchanges = Qui a consultat es mies donades
home-exchanges-lead = Cada consulta, damb era sua pròva.
home-granted = Çò qu'auetz autorizat
home-none-granted = Ara non i a arren autorizat. Non demanam arren.

## Notice
notice-more = Mès informacion
notice-not-yet = Encara non autorizatz arren. Alistaratz ena pagina següenta.
notice-draft = Aguesta traduccion encara non ei revisada. La podetz liéger. Entà decidir, alistatz ua d'aguestes lengües.

## Choice
choose-title = A quini organismes podem demanar es vòstes donades?
choose-free = Podetz díder que non e contunhar. Poiratz escríuer es donades a man.
choose-details = Qué demanam exactament
choose-yes = Òc, ac autorizi
choose-no = Non, non ac autorizi
choose-blank = Se non alistatz arren, non ac demanaram.
choose-all-yes = Òc a totes
choose-all-no = Non a totes
standing-expired = Ac autorizéretz eth { $since }. Era autorizacion caduquèc eth { $until }.
standing-granted = Autorizat des deth { $since } enquiath { $until }.
standing-invalidated = Ac autorizéretz eth { $since }. Eth tèxte a cambiat e cau tornar a decidir.
standing-refused = Didéretz que non eth { $since }.
standing-withdrawn = Retiréretz era autorizacion eth { $since }.

## Check
check-title = Ei açò çò que decidissetz?
check-lead = Arren non compde enquia que confirmatz.
check-yes = Òc, podetz demanar-ac
check-no = Non
check-open = Sense responsa: non se demane
check-until = Enquiath { $date }.
check-withdraw = Poiratz retirar-ac quan volgatz, damb un solet boton.
check-submit = Confirmar es mies decisions

## Receipt
receipt-title = Hèt. Aguest ei eth vòste justificant
receipt-until = enquiath { $date }
receipt-keep = Justificant
receipt-code = Còdi
receipt-body = Qui ac demane
receipt-date = Data
receipt-get = Descargar eth justificant
receipt-withdrawn-title = Hèt. Auetz retirat era autorizacion
receipt-withdrawn-lead = Ja non demanaram arren mès a:
receipt-withdrawn-from = Vau des deth { $date }.
receipt-withdrawn-stays = Çò que ja se demanèc ère corrècte e contunhe en registre. Auem esfaçat es responses que sauvàuem.
recipients-title = Qui auie recebut es vòstes donades
recipient-acknowledged = a confirmat qu'ac sap
recipient-acknowledged-at = ac a confirmat eth { $date }
recipient-not-connected = lo avisaram per ua auta via
recipient-pending = lo èm avisant
recipient-refused = non a acceptat er avís; mos n'aucupam

## Withdrawal
withdraw = Retirar era autorizacion
withdraw-effect = Deisham de demanar-ac ara madeish. Çò que ja se demanèc contunhe en registre.
withdraw-all = Retirar-ac tot
withdraw-all-effect = Deisham de demanar donades a toti es organismes ara madeish.

## Progress
progress-title = { $asked ->
    [one] Demanam a 1 organisme
   *[other] Demanam a { $asked } organismes
}
progress-lead = Pòt tardar un minut. Podetz barrar era pagina: non perderatz arren.
progress-count = { $done } de { $asked }
progress-finished = Ja auem acabat de demanar.
progress-interrupted = Era consulta s'a arturat a mieges. Çò que se demanèc ei en registre. Tornatz-ac a sajar.
progress-refresh = Actualizar
progress-go-on = Contunhar damb çò qu'auem
source-asking = demanant
source-discarded = arturat: ac auetz retirat
source-failed = non respon ara
source-no-data = non i conste arren
source-not-asked = non se demane
source-received = recebut
source-waiting = en demora
source-waiting-behind = { $ahead ->
    [0] en demora: ei era següenta
    [1] en demora: i a 1 consulta dauant
   *[other] en demora: i a { $ahead } consultes dauant
}

## Profile
facts-title = Açò ei çò que sabem
facts-summary = { $missing ->
    [0] Auem totes es donades.
    [one] Manque 1 de { $total } donades.
   *[other] Manquen { $missing } de { $total } donades.
}
facts-lead = Sauvam es responses 15 minutes.
facts-wrong = Se ua donada non ei corrècta, demanatz que la corregisque er organisme que la tie.
facts-income = Ingrèssi
facts-work = Trabalh
facts-home = Damb qui viuetz
facts-you = Vos
fact-income = Ingrèssi d'un an
fact-work = Trabalh
fact-household-size = Persones en casa
fact-municipality = Municipi
fact-verified = Document d'identitat
fact-birth-date = Data de neishença
fact-nationality = Nacionalitat
fact-of-day = donada deth { $date }
fact-of-year = an { $year }
fact-obtained = Obtengut eth { $date }
value-zero = { $amount }, confirmat per organisme
value-income-floor = { $amount } bruts, coma minim
value-income-gross = { $amount } bruts
value-income-level = { $amount } de nivèu de renda
value-income-level-joint = { $amount } de nivèu de renda, de toti es que consten ena declaracion conjunta
value-income-base = { $amount } de basa imposabla
value-income-base-joint = { $amount } de basa imposabla, de toti es que consten ena declaracion conjunta
value-in-work = Constatz que trabalhatz
value-not-in-work = Constatz que non trabalhatz
value-people = { $count ->
    [one] 1 persona
   *[other] { $count } persones
}
value-municipality = Municipi damb còdi { $code }
value-verified = Comprovat
value-not-verified = Eth cognòm non coincidís
look-value = Recebut
look-zero = Zèro confirmat
look-no-record = Non conste
look-not-permitted = Non autorizat
look-not-answering = Non respon
look-unknown = Non ac sabem
gap-not-asked = Non ac auem demanat. Sense açò, bères ajudes non se poiràn recomanar.
gap-refused = Non ac autorizéretz. Sense açò, bères ajudes non se poiràn recomanar.
gap-revoked = Ac retiréretz. Sense açò, bères ajudes non se poiràn recomanar.
gap-expired = Era autorizacion caduquèc. Sense açò, bères ajudes non se poiràn recomanar.
gap-no-record = Er organisme ditz que non i conste arren. Non vò díder zèro.
gap-no-return = Non conste cap declaracion dera renda de { $year }. Dilhèu non l'auíetz de presentar.
gap-year-unavailable = Er organisme encara non a aguest an.
gap-not-answering = Er organisme non respon ara. Era rèsta ja i ei. Tornatz-ac a sajar mès tard.
gap-not-applicable = Aguesta pregunta non vos correspon.
gap-document = Er organisme non se pòt consultar damb aguest document.
gap-not-askable = Mos manque bèra causa entà poder demanar. Telefonatz ath 012.
gap-not-identified = Er organisme non vos a trapat damb aguest document.
gap-several-returns = Consten diuèrses declaracions e er organisme non ditz cap d'impòrt.
gap-joint-return = Era declaracion ei conjunta. Er impòrt ei de dues persones e non l'amuisham.
gap-cannot-tell = Era responsa non ac aclarís.

## Who asked
log-title = Qui a consultat es mies donades
log-coverage = Sonque es consultes d'aguest servici. Es autes son en El Meu Espai.
log-empty = Encara degun non a demanat es vòstes donades damb aguest servici.
log-count = { $total ->
    [one] 1 consulta en totau.
   *[other] { $total } consultes en totau.
}
log-row-income = { $body } demanèc es vòsti ingrèssi d'un an ara Agéncia Tributària, eth { $date }.
log-row-level = { $body } demanèc eth vòste nivèu de renda ara Agéncia Tributària, eth { $date }.
log-row-work = { $body } demanèc ara Seguretat Sociau se trabalhàuetz, eth { $date }.
log-row-identity = { $body } demanèc era vòsta data de neishença e nacionalitat ara Policia, eth { $date }.
log-row-household = { $body } demanèc ath padron damb guaires persones viuetz, eth { $date }.
log-row-cohabitants = { $body } demanèc ath padron guaires persones dera vòsta casa viuen en madeish domicili, eth { $date }.
log-row-other = { $body } demanèc donades vòstes ({ $product }), eth { $date }.
log-permitted = Ac autorizéretz.
log-result-used = Recebut e emplegat
log-result-unused = Recebut, non emplegat
log-result-no-data = Non i conste arren
log-result-denied = Er organisme didec que non
log-result-discarded = Esfaçat sense liéger: ac auíetz retirat
log-result-failed = Non responec
log-result-open = En cors
log-number = Anotacion { $number } deth vòste registre
log-next = Consultes anteriores
log-proof-how = Era pròva ei un fichèr que demòstre era consulta. Quinsevolh la pòt comprovar damb eth programa «verifier», sense aguest servici.

## Casa
invite-title = Vos an dat un ligam
invite-neutral = Damb aguest ligam podetz junher-vos a d'autes persones. Vos cau entrar entà saber de qué se tracte.
invite-free = Non cau que ac hèscatz. Se non hètz arren, non passe arren.
invite-lead = Vos prepausen de completar es donades d'ua casa. Podetz non contestar. Degun non saberà se auetz dit que non o se non auetz contestat.
invite-purpose = Servís entà que { $body } posque recomanar ajudes sociaus ara casa. Ac hè damb es donades de toti es que dan permís.
invite-infer = Se datz permís, es autes persones dera casa pòden saber que toti n'an dat. Non ven cap donada vòsta.
invite-nothing = Junher-vos-i non da cap permís. Podetz gésser quan volgatz.
invite-birth = Data de neishença, sonque s'auetz entre 14 e 17 ans
invite-join = Junher-me
joined-title = Ja ètz ena casa
joined-lead = Encara non auetz dat cap permís. Podetz dar-lo, non dar-lo o gésser dera casa deth lòc a on recebetz eth servici.

## Troubles
error-title = I a un problèma
error-code = Còdi:
error-to-start = Tornar ar inici
error-to-notice = Liéger e alistar
error-to-exchanges = Veir eth registre de consultes
error-draft = Aguesta traduccion non ei revisada e non s'i pòt decidir. Non s'a sauvat arren. Alistatz catalan o castelhan.
error-forged = Eth formulari non vie d'aguesta session. Non s'a demanat ne sauvat arren. Tornatz ar inici.
error-gone = Ja non sauvam aguestes responses. S'esfacen as 15 minutes o quan retiratz era autorizacion. Podetz tornar-les a demanar.
error-internal = Eth servici a falhat. Guardatz eth registre: tot çò que s'a demanat i ei. Tornatz-ac a sajar mès tard.
error-invitation = Aguest ligam non se pòt utilizar. Non s'a sauvat arren. Demanatz-ne un aute a qui lo vos dèc.
error-log-down = Ara non podem anotar era consulta, e sense anotar-la non la hèm. Non s'a demanat cap donada.
error-logged-out = Auetz d'entrar entà veir aguesta pagina. S'auíetz entrat, era session s'a barrat per seguretat e contunharatz a on éretz.
error-login-cancelled = Non auetz acabat d'identificar-vos. Non s'a demanat ne sauvat arren. Podetz tornar-ac a sajar.
error-login-document = Non podem emplegar eth document damb eth que vos auetz identificat. Non s'a sauvat arren. Sajatz ua auta manèra d'entrar.
error-login-expired = Era identificacion a tardat massa o ja s'auie emplegat. Non s'a sauvat arren. Tornatz a començar.
error-login-level = Aguest servici demane ua identificacion mès segura. Non s'a sauvat arren. Sajatz ua auta manèra d'entrar.
error-login-other-browser = Era identificacion comencèc en un aute navegador. Non s'a sauvat arren. Tornatz a començar en aguest.
error-login-provider = Eth servici d'identificacion non respon ben. Non s'a sauvat arren. Sajatz-ne un aute o tornatz mès tard.
error-malformed = Non auem entenut eth formulari. Non s'a demanat ne sauvat arren. Tornatz ar inici.
error-nothing-permitted = Non i a arren autorizat. Non s'a demanat cap donada.
error-needs-guardian = Damb mens de 14 ans respon qui a era pàtria potestat. Non s'a sauvat arren.
error-not-found = Aguesta pagina non existís. Non s'a demanat ne sauvat arren.
error-proof-pending = Era pròva encara non ei a punt. Tornatz d'aciu a ues segondes. Era consulta ja ei en registre.
error-read-again = Eth tèxte o era vòsta decision an cambiat entretant. Non s'a sauvat arren. Tornatz a liéger e decidir.
error-revoked = Era autorizacion a cambiat entretant. Non s'amuishe cap donada. Podetz tornar a decidir.
error-step-up = Aguest pas demane ua identificacion mès segura. Non s'a demanat ne sauvat arren. Gessetz e tornatz a entrar.
error-too-many = An arribat massa peticions ath còp. Aguest viatge non s'a demanat ne sauvat arren. Demoratz quauqui segons e tornatz-ac a sajar.
error-unavailable = Eth servici non pòt sauvar ne liéger arren ara. Non s'a sauvat arren de çò qu'acabatz de hèr. Tornatz-ac a sajar mès tard.
error-withdrawal-failed = Non auem pogut anotar era retirada. Tornatz-ac a sajar o telefonatz ath 012. Guardatz ar inici qué contunhe autorizat.
