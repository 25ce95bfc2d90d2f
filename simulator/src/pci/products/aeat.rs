//! `AEAT_IRPF`: income of a fiscal year, with (`C4`) or without (`C2`) items of the return.

use jiff::Timestamp;

use super::{Question, Verdict, holder, malformed, value};
use crate::pci::answer::{spain, today};
use crate::pci::write::Tree;
use crate::population::{
    Cents, Child, Earner, GENERAL_EXPENSES, Imputations, Person, Population, Tax, TaxReturn,
};

const IRPF: &str = "http://www.aocat.net/aeat/irpf";
const AEAT: &str = "http://intermediacion.redsara.es/scsp/esquemas/datosespecificos";

/// Year N is available from July N+1, and for five years.
const YEARS_KEPT: i16 = 5;

pub(super) fn answer(question: &Question<'_>, person: Option<&Person>, detailed: bool) -> Verdict {
    let holder = match holder(question, &["NIF", "DNI", "NIE"]) {
        Ok(holder) => holder,
        Err(element) => return malformed(element),
    };
    let Some(year) = asked_year(question) else {
        return malformed("Ejercicio");
    };
    if let Some(code) = question.forced {
        return without_data(code);
    }
    let Some(person) = person.filter(|_| holder.named) else {
        return without_data("0233");
    };
    let latest = latest_year(question.now);
    if year > latest || year <= latest - YEARS_KEPT {
        return without_data("1010");
    }
    let tax = question.population.tax(person, year);
    let header = header(person, year, &today(question.now), tax);
    match tax {
        Tax::NoRecord => without_data("1009"),
        Tax::MultipleReturns => without_data("1011"),
        Tax::NotTaxpayer => without_data("1024"),
        Tax::Imputations(figures) => with_data(vec![header, imputations(figures)]),
        Tax::Return(filed) => {
            let level = Tree::leaf(
                "aeat:NivelRentaDeclaracion",
                filed.income_level().to_string(),
            );
            let filed = if detailed {
                declaration(filed, year, question.population)
            } else {
                summary(filed, question.population)
            };
            with_data(vec![header, filed, level])
        }
    }
}

/// How a return was filed and by whom, without its items: what is sure of `C2` since 2020 is only that
/// it gives less.
fn summary(filed: &TaxReturn, population: &Population) -> Tree {
    let named = |earner: &Earner| match population.person(earner.document.number()) {
        Some(person) => format!("{} {}", person.document.number(), person.register_name()),
        None => earner.document.number().to_owned(),
    };
    let filing = if filed.is_joint() {
        "CONJUNTA"
    } else {
        "INDIVIDUAL"
    };
    let mut earners = filed.earners.iter().map(named);
    let header = Tree::new("aeat:CabeceraRenta")
        .field("aeat:NifSolicitante", "Q0000000J")
        .field("aeat:NombreSolicitante", "ORGANISME FICTICI")
        .field("aeat:PrimerDeclarante", earners.next().unwrap_or_default())
        .maybe(
            earners
                .next()
                .map(|second| Tree::leaf("aeat:SegundoTitular", second)),
        )
        .field("aeat:Modelo", "MODELO: 100")
        .field("aeat:Tributacion", format!("TRIBUTACION: {filing}"))
        .field("aeat:OrigenDatos", "3");
    Tree::new("aeat:irpf").with(header)
}

/// The most recent fiscal year whose data exist.
fn latest_year(now: Timestamp) -> i16 {
    let today = now.to_zoned(spain()).date();
    if today.month() >= 7 {
        today.year() - 1
    } else {
        today.year() - 2
    }
}

fn asked_year(question: &Question<'_>) -> Option<i16> {
    let root = question
        .payload
        .filter(|root| root.is(IRPF, "peticioConsultaIRPF"))?;
    let text = value(root.only(AEAT, "DatosEspecificos")?, AEAT, "Ejercicio")?;
    let digits = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn with_data(parts: Vec<Tree>) -> Verdict {
    let specific = Tree::new("aeat:DatosEspecificos").all(parts);
    root(Some(specific), "1000")
}

fn without_data(code: &str) -> Verdict {
    root(None, code)
}

fn root(specific: Option<Tree>, code: &str) -> Verdict {
    let description = match code {
        "1000" => "Titular identificat",
        "1009" => "No hi ha declaració ni imputacions rellevants",
        "1010" => "Exercici no disponible",
        "1011" => "Hi ha més d'una declaració o declaracions complementàries",
        "1024" => "El titular no és contribuent de l'impost",
        "0233" => "Titular no identificat",
        _ => "Error de comunicació amb l'emissor final",
    };
    Verdict::finished(
        Tree::new("irpf:respostaConsultaIRPF")
            .declare("irpf", IRPF)
            .declare("aeat", AEAT)
            .maybe(specific)
            .with(
                Tree::new("irpf:resultat")
                    .field("irpf:codiResultat", code)
                    .field("irpf:descripcio", description),
            ),
    )
}

fn header(person: &Person, year: i16, today: &str, tax: Tax<'_>) -> Tree {
    let kind = if matches!(tax, Tax::Return(_)) {
        "DL"
    } else {
        "IM"
    };
    let digits: String = person
        .document
        .number()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    Tree::new("aeat:Cabecera")
        .field("aeat:CodRet", "0")
        .field("aeat:DescripcionError", "")
        .field(
            "aeat:Referencia",
            format!("{year}{digits:0>7}")
                .chars()
                .take(11)
                .collect::<String>(),
        )
        .field("aeat:FechaEmision", today)
        .field("aeat:Ejercicio", year.to_string())
        .field("aeat:TipoRespuesta", kind)
}

fn imputations(figures: &Imputations) -> Tree {
    let rows = [
        ("RENDIMIENTOS DEL TRABAJO", figures.work),
        ("RETENCIONES DEL TRABAJO", figures.work_withheld),
        ("RENDIMIENTOS DEL CAPITAL MOBILIARIO", figures.movable),
        (
            "RETENCIONES DEL CAPITAL MOBILIARIO",
            figures.movable_withheld,
        ),
        (
            "GANANCIAS PATRIMONIALES SOMETIDAS A RETENCION",
            figures.gains,
        ),
        (
            "RETENCIONES DE GANANCIAS PATRIMONIALES",
            figures.gains_withheld,
        ),
        (
            "GASTOS DEDUCIBLES DE RENDIMIENTOS DEL TRABAJO",
            figures.expenses,
        ),
    ];
    Tree::new("aeat:Imputaciones")
        .field("aeat:Cabecera", "IMPUTACIONES")
        .all(rows.map(|(text, amount)| {
            // Sign, whole euros and cents travel apart; five cents are `5`, not `05`.
            Tree::new("aeat:DatosEconomicos")
                .field("aeat:Texto", text)
                .field("aeat:Signo", if amount.is_negative() { "-" } else { " " })
                .field("aeat:Enteros", amount.euros().to_string())
                .field("aeat:Decimales", amount.remainder().to_string())
        }))
}

/// The part of the return that matters here, in the namespace of its year.
fn declaration(filed: &TaxReturn, year: i16, population: &Population) -> Tree {
    Tree::new("r:Declaracion")
        .declare("r", &format!("{AEAT}/renta{year}"))
        .attribute("modelo", "100")
        .attribute("ejercicio", year.to_string())
        .attribute("periodo", "0A")
        .attribute("versionxsd", "1.00")
        .with(identification(filed, population))
        .with(economics(filed))
}

fn identification(filed: &TaxReturn, population: &Population) -> Tree {
    let person = |earner: &Earner| population.person(earner.document.number());
    let declarant = filed.earners.first().and_then(person).map(|person| {
        Tree::new("r:Declarante")
            .field("r:DPNIF_D", person.document.number())
            .field("r:DP_APENOM_D", person.register_name())
            .field("r:ECIVIL", person.civil_status.to_string())
            .field("r:DPFNAC_D", day(person.born))
            .field("r:SEXO_D", sex(person))
    });
    let spouse = filed.earners.get(1).and_then(person).map(|person| {
        Tree::new("r:Conyuge")
            .field("r:DPNIF_C", person.document.number())
            .field("r:DP_APENOM_C", person.register_name())
            .field("r:DPFNAC_C", day(person.born))
            .field("r:SEXO_C", sex(person))
    });
    let children = (!filed.children.is_empty())
        .then(|| Tree::new("r:Hijos").all(filed.children.iter().map(|c| child(c, filed))));
    Tree::new("r:DatosIdentificativos")
        .maybe(declarant)
        .maybe(spouse)
        .maybe(children)
}

fn child(child: &Child, filed: &TaxReturn) -> Tree {
    Tree::new("r:Hijo")
        .field("r:APENOMDLG", &child.name)
        .field("r:FNACDLG", day(child.born))
        .field("r:VINCUDLG", if filed.is_joint() { "A" } else { "B" })
}

fn economics(filed: &TaxReturn) -> Tree {
    let earners = filed.earners.iter().enumerate().map(|(place, earner)| {
        Tree::new("r:TomaDatosAmpliada")
            .attribute("titular", if place == 0 { "2" } else { "3" })
            .attribute("nif", earner.document.number())
            .with(work(earner))
    });
    Tree::new("r:DatosEconomicos")
        .attribute("codigoCADeclaracion", "09")
        .attribute("TIPOTRIBUTACION", if filed.is_joint() { "2" } else { "1" })
        .all(earners)
        .with(results(filed))
}

fn work(earner: &Earner) -> Tree {
    let contributions = (earner.contributions != Cents::ZERO)
        .then(|| Tree::leaf("r:TPGSS", earner.contributions.to_string()));
    Tree::new("r:RdtoTrabajo")
        .field("r:TPDIN", earner.gross.to_string())
        .field("r:TPING", earner.gross.to_string())
        .maybe(contributions)
        .field("r:TPRNP", earner.net().to_string())
}

fn results(filed: &TaxReturn) -> Tree {
    let business = (filed.self_employed != Cents::ZERO).then(|| {
        Tree::new("r:RegEstimaDirectaRes").field("r:E1TOTAL", filed.self_employed.to_string())
    });
    let settlement = filed.result.to_string();
    Tree::new("r:Resultados")
        .with(
            Tree::new("r:RdtoTrabajoRes")
                .field("r:SUMTPRNP", filed.net_work().to_string())
                .field("r:TPOGD", GENERAL_EXPENSES.to_string())
                .field("r:TPRDTO", filed.reduced_work().to_string())
                .field("r:TPTOTAL", filed.reduced_work().to_string()),
        )
        .maybe(business)
        .with(
            Tree::new("r:BaseImponibleRes")
                .field("r:BIGRALH", filed.general_base().to_string())
                .field("r:BIAHOH", filed.savings_base.to_string()),
        )
        .with(
            Tree::new("r:BaseLiquidableRes")
                .field("r:BIGRALJ", filed.general_base().to_string())
                .field("r:BLGGRAV", filed.liquidable_base().to_string())
                .field("r:BIAHOJ", filed.savings_base.to_string()),
        )
        .with(
            Tree::new("r:CalculoImpuestoRes")
                .with(Tree::new("r:CuotaDiferencialRes").field("r:CDIF", &settlement))
                .field("r:RESULTADO", &settlement),
        )
}

fn day(date: jiff::civil::Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

/// `H` (hombre) or `M` (mujer).
fn sex(person: &Person) -> &'static str {
    if person.sex == 'F' { "M" } else { "H" }
}
