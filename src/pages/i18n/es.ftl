# Castellano. Tratamiento de usted. Una idea por frase; ninguna de más de 25 palabras.

## Frame
title = Sus datos
title-step = Sus datos · paso { $step }
title-error = Error: sus datos
service = Sus datos
skip = Ir al contenido
languages = Idioma
leave = Salir
help = También en persona o por teléfono, en el 012.
footer-notice = Cómo usamos los datos
footer-exchanges = Quién ha consultado mis datos
footer = Puede reclamar a la Autoridad Catalana de Protección de Datos.
step = Paso { $step } de 3
go-on = Continuar
change = Cambiar
to-start = Volver al inicio
fetch = Pedir los datos ahora
ask-again = Volver a intentarlo
decide-again = Cambiar la decisión
proof-get = Descargar la prueba

## Entry
entry-title = Pida a las administraciones lo que ya saben de usted
entry-lead = { $body } le puede recomendar ayudas sociales. Para hacerlo, necesita algunos datos suyos.
entry-need = Tiene que identificarse. Son unos tres minutos.
entry-free = Puede decir que no a cualquier parte.
entry-providers = ¿Cómo se identifica?
entry-none = ¿No tiene ninguno? Llame al 012 o vaya a la oficina de atención ciudadana.

## Home
home-title = Sus datos
home-choose = Elegir qué podemos pedir
home-choose-lead = Organismo por organismo. Puede decir que no.
home-exchanges = Quién ha consultado mis datos
home-exchanges-lead = Cada consulta, con su prueba.
home-granted = Lo que ha autorizado
home-none-granted = Ahora no hay nada autorizado. No pedimos nada.

## Notice
notice-more = Más información
notice-not-yet = Todavía no autoriza nada. Elegirá en la página siguiente.
notice-draft = Esta traducción todavía no está revisada. Puede leerla. Para decidir, elija uno de estos idiomas.

## Choice
choose-title = ¿A qué organismos podemos pedir sus datos?
choose-free = Puede decir que no y seguir. Podrá escribir los datos a mano.
choose-details = Qué pedimos exactamente
choose-yes = Sí, lo autorizo
choose-no = No, no lo autorizo
choose-blank = Si no elige nada, no lo pediremos.
choose-all-yes = Sí a todas
choose-all-no = No a todas
standing-expired = Lo autorizó el { $since }. La autorización caducó el { $until }.
standing-granted = Autorizado desde el { $since } hasta el { $until }.
standing-invalidated = Lo autorizó el { $since }. El texto ha cambiado y hay que volver a decidir.
standing-refused = Dijo que no el { $since }.
standing-withdrawn = Retiró la autorización el { $since }.

## Check
check-title = ¿Es esto lo que decide?
check-lead = Nada cuenta hasta que confirme.
check-yes = Sí, pueden pedirlo
check-no = No
check-open = Sin respuesta: no se pide
check-until = Hasta el { $date }.
check-withdraw = Podrá retirarlo cuando quiera, con un solo botón.
check-submit = Confirmar mis decisiones

## Receipt
receipt-title = Hecho. Este es su justificante
receipt-until = hasta el { $date }
receipt-keep = Justificante
receipt-code = Código
receipt-body = Quién lo pide
receipt-date = Fecha
receipt-get = Descargar el justificante
receipt-withdrawn-title = Hecho. Ha retirado la autorización
receipt-withdrawn-lead = Ya no pediremos nada más a:
receipt-withdrawn-from = Vale desde el { $date }.
receipt-withdrawn-stays = Lo ya pedido era correcto y sigue en el registro. Hemos borrado las respuestas que guardábamos.
recipients-title = Quién había recibido sus datos
recipient-acknowledged = ha confirmado que lo sabe
recipient-acknowledged-at = lo ha confirmado el { $date }
recipient-not-connected = le avisaremos por otra vía
recipient-pending = le estamos avisando
recipient-refused = no ha aceptado el aviso; nos ocupamos de ello

## Withdrawal
withdraw = Retirar la autorización
withdraw-effect = Dejamos de pedirlo ahora mismo. Lo ya pedido sigue en el registro.
withdraw-all = Retirarlo todo
withdraw-all-effect = Dejamos de pedir datos a todos los organismos ahora mismo.

## Progress
progress-title = { $asked ->
    [one] Preguntamos a 1 organismo
   *[other] Preguntamos a { $asked } organismos
}
progress-lead = Puede tardar un minuto. Puede cerrar la página: no perderá nada.
progress-count = { $done } de { $asked }
progress-finished = Ya hemos acabado de preguntar.
progress-interrupted = La consulta se ha parado a medias. Lo que se pidió está en el registro. Vuelva a intentarlo.
progress-refresh = Actualizar
progress-go-on = Continuar con lo que tenemos
source-asking = preguntando
source-discarded = parado: lo ha retirado
source-failed = no responde ahora
source-no-data = no consta nada
source-not-asked = no se pregunta
source-received = recibido
source-waiting = en espera
source-waiting-behind = { $ahead ->
    [0] en espera: es la siguiente
    [1] en espera: hay 1 consulta delante
   *[other] en espera: hay { $ahead } consultas delante
}

## Profile
facts-title = Esto es lo que sabemos
facts-summary = { $missing ->
    [0] Tenemos todos los datos.
    [one] Falta 1 de { $total } datos.
   *[other] Faltan { $missing } de { $total } datos.
}
facts-lead = Guardamos las respuestas 15 minutos.
facts-wrong = Si un dato no es correcto, pida que lo corrija el organismo que lo tiene.
facts-income = Ingresos
facts-work = Trabajo
facts-home = Con quién vive
facts-you = Usted
fact-income = Ingresos de un año
fact-work = Trabajo
fact-household-size = Personas en casa
fact-municipality = Municipio
fact-verified = Documento de identidad
fact-birth-date = Fecha de nacimiento
fact-nationality = Nacionalidad
fact-of-day = dato del { $date }
fact-of-year = año { $year }
fact-obtained = Obtenido el { $date }
value-zero = { $amount }, confirmado por el organismo
value-income-floor = { $amount } brutos, como mínimo
value-income-gross = { $amount } brutos
value-income-level = { $amount } de nivel de renta
value-income-level-joint = { $amount } de nivel de renta, de todas las personas de la declaración conjunta
value-income-base = { $amount } de base imponible
value-income-base-joint = { $amount } de base imponible, de todas las personas de la declaración conjunta
value-in-work = Consta que trabaja
value-not-in-work = Consta que no trabaja
value-people = { $count ->
    [one] 1 persona
   *[other] { $count } personas
}
value-municipality = Municipio con código { $code }
value-verified = Comprobado
value-not-verified = El apellido no coincide
look-value = Recibido
look-zero = Cero confirmado
look-no-record = No consta
look-not-permitted = No autorizado
look-not-answering = No responde
look-unknown = No lo sabemos
gap-not-asked = No lo hemos pedido. Sin esto, algunas ayudas no se podrán recomendar.
gap-refused = No lo autorizó. Sin esto, algunas ayudas no se podrán recomendar.
gap-revoked = Lo retiró. Sin esto, algunas ayudas no se podrán recomendar.
gap-expired = La autorización caducó. Sin esto, algunas ayudas no se podrán recomendar.
gap-no-record = El organismo dice que no le consta nada. No significa cero.
gap-no-return = No consta ninguna declaración de la renta de { $year }. Quizá no tenía que presentarla.
gap-year-unavailable = El organismo todavía no tiene ese año.
gap-not-answering = El organismo no responde ahora. El resto ya está. Vuelva a intentarlo más tarde.
gap-not-applicable = Esta pregunta no le corresponde.
gap-document = No se puede preguntar al organismo con este documento.
gap-not-askable = Nos falta algo para poder preguntar. Llame al 012.
gap-not-identified = El organismo no le ha encontrado con este documento.
gap-several-returns = Constan varias declaraciones y el organismo no dice ningún importe.
gap-joint-return = La declaración es conjunta. El importe es de dos personas y no lo mostramos.
gap-cannot-tell = La respuesta no lo aclara.

## Who asked
log-title = Quién ha consultado mis datos
log-coverage = Solo las consultas de este servicio. Las demás están en El Meu Espai.
log-empty = Nadie ha pedido todavía sus datos con este servicio.
log-count = { $total ->
    [one] 1 consulta en total.
   *[other] { $total } consultas en total.
}
log-row-income = { $body } pidió sus ingresos de un año a la Agencia Tributaria, el { $date }.
log-row-level = { $body } pidió su nivel de renta a la Agencia Tributaria, el { $date }.
log-row-work = { $body } preguntó a la Seguridad Social si usted trabajaba, el { $date }.
log-row-identity = { $body } pidió su fecha de nacimiento y nacionalidad a la Policía, el { $date }.
log-row-household = { $body } pidió al padrón con cuántas personas vive, el { $date }.
log-row-cohabitants = { $body } preguntó al padrón cuántas personas de su hogar viven en el mismo domicilio, el { $date }.
log-row-other = { $body } pidió datos suyos ({ $product }), el { $date }.
log-permitted = Usted lo autorizó.
log-result-used = Recibido y usado
log-result-unused = Recibido, no usado
log-result-no-data = No consta nada
log-result-denied = El organismo dijo que no
log-result-discarded = Borrado sin leer: lo había retirado
log-result-failed = No respondió
log-result-open = En curso
log-number = Anotación { $number } de su registro
log-next = Consultas anteriores
log-proof-how = La prueba es un fichero que demuestra la consulta. Cualquiera puede comprobarla con el programa «verifier», sin este servicio.

## Hogar
invite-title = Le han dado un enlace
invite-neutral = Con este enlace puede unirse a otras personas. Tiene que entrar para saber de qué se trata.
invite-free = No hace falta que lo haga. Si no hace nada, no pasa nada.
invite-lead = Le proponen completar los datos de un hogar. Puede no contestar. Nadie sabrá si dijo que no o si no contestó.
invite-purpose = Sirve para que { $body } pueda recomendar ayudas sociales al hogar. Lo hace con los datos de quienes den permiso.
invite-infer = Si da permiso, las otras personas del hogar pueden saber que todas lo han dado. No ven ningún dato suyo.
invite-nothing = Unirse no da ningún permiso. Puede salir cuando quiera.
invite-birth = Fecha de nacimiento, solo si tiene entre 14 y 17 años
invite-join = Unirme
joined-title = Ya está en el hogar
joined-lead = Todavía no ha dado ningún permiso. Puede darlo, no darlo o salir del hogar desde donde recibió el servicio.

## Troubles
error-title = Hay un problema
error-code = Código:
error-to-start = Volver al inicio
error-to-notice = Leer y elegir
error-to-exchanges = Ver el registro de consultas
error-draft = Esta traducción no está revisada y no se puede decidir con ella. No se ha guardado nada. Elija catalán o castellano.
error-forged = El formulario no viene de esta sesión. No se ha pedido ni guardado nada. Vuelva al inicio.
error-gone = Ya no guardamos esas respuestas. Se borran a los 15 minutos o cuando retira la autorización. Puede volver a pedirlas.
error-internal = El servicio ha fallado. Mire el registro: todo lo que se ha pedido está ahí. Vuelva a intentarlo más tarde.
error-invitation = Este enlace no se puede usar. No se ha guardado nada. Pida otro a quien se lo dio.
error-log-down = Ahora no podemos anotar la consulta y, sin anotarla, no la hacemos. No se ha pedido ningún dato.
error-logged-out = Tiene que entrar para ver esta página. Si ya había entrado, la sesión se ha cerrado por seguridad y seguirá donde estaba.
error-login-cancelled = No ha terminado de identificarse. No se ha pedido ni guardado nada. Puede volver a intentarlo.
error-login-document = No podemos usar el documento con el que se ha identificado. No se ha guardado nada. Pruebe otra manera de entrar.
error-login-expired = La identificación ha tardado demasiado o ya se había usado. No se ha guardado nada. Vuelva a empezar.
error-login-level = Este servicio pide una identificación más segura. No se ha guardado nada. Pruebe otra manera de entrar.
error-login-other-browser = La identificación empezó en otro navegador. No se ha guardado nada. Vuelva a empezar en este.
error-login-provider = El servicio de identificación no responde bien. No se ha guardado nada. Pruebe otro o vuelva más tarde.
error-malformed = No hemos entendido el formulario. No se ha pedido ni guardado nada. Vuelva al inicio.
error-nothing-permitted = No hay nada autorizado. No se ha pedido ningún dato.
error-needs-guardian = Con menos de 14 años responde quien tiene la patria potestad. No se ha guardado nada.
error-not-found = Esta página no existe. No se ha pedido ni guardado nada.
error-proof-pending = La prueba todavía no está lista. Vuelva dentro de unos segundos. La consulta ya está en el registro.
error-read-again = El texto o su decisión han cambiado mientras tanto. No se ha guardado nada. Vuelva a leer y decidir.
error-revoked = La autorización ha cambiado mientras tanto. No se muestra ningún dato. Puede volver a decidir.
error-step-up = Este paso pide una identificación más segura. No se ha pedido ni guardado nada. Salga y vuelva a entrar.
error-too-many = Han llegado demasiadas peticiones a la vez. Esta vez no se ha pedido ni guardado nada. Espere unos segundos y vuelva a intentarlo.
error-unavailable = El servicio no puede guardar ni leer nada ahora. No se ha guardado nada de lo que acaba de hacer. Vuelva a intentarlo más tarde.
error-withdrawal-failed = No hemos podido anotar la retirada. Vuelva a intentarlo o llame al 012. Mire en el inicio qué sigue autorizado.
