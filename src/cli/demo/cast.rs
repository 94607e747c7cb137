//! People, shows and venues, all invented.

/// Somebody who buys and sells.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fan {
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) email: &'static str,
    pub(super) document: &'static str,
}

/// Where a show is, and what follows from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Country {
    pub(super) document: &'static str,
    pub(super) payment: &'static str,
    /// The seller's form: names of its fields for account and kind of account.
    pub(super) account: (&'static str, Option<&'static str>),
    pub(super) account_digits: usize,
    /// Prices of a ticket, lowest and highest, and their step, in whole pesos of that country.
    pub(super) prices: (i64, i64, i64),
    pub(super) fans: [Fan; 8],
}

/// A show for which tickets are resold.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Show {
    pub(super) show: &'static str,
    pub(super) event: &'static str,
    /// What its ticket ids begin with.
    pub(super) venue: &'static str,
    pub(super) options: &'static [&'static str],
    pub(super) country: &'static Country,
}

const fn fan(first: &'static str, last: &'static str, email: &'static str, document: &'static str) -> Fan {
    Fan { first, last, email, document }
}

static MEXICO: Country = Country {
    document: "CURP",
    payment: "emoneyout-mxn_012",
    account: ("bank_account", Some("bank_account_type")),
    account_digits: 18,
    prices: (600, 4_800, 50),
    fans: [
        fan("Valeria", "Ortega", "valeria.ortega@example.com", "OEGV950312MDFRRL04"),
        fan("Diego", "Ramírez", "diego.ramirez@example.com", "RAMD880721HDFMRG02"),
        fan("Ximena", "Castillo", "xime.castillo@example.net", "CAXX990130MJCSSM08"),
        fan("Emiliano", "Torres", "emiliano.torres@example.org", "TOEE910605HNLRRM01"),
        fan("Renata", "Villalobos", "renata.v@example.com", "VIRR970818MDFLLN03"),
        fan("Jorge", "Salinas", "jorge.salinas@example.net", "SAJJ840212HPLLRR07"),
        fan("Camila", "Bautista", "camila.bautista@example.com", "BACC010927MOCTTM05"),
        fan("Rodrigo", "Nava", "+5215512340987", "NARR930411HDFVVD09"),
    ],
};

static ARGENTINA: Country = Country {
    document: "DNI",
    payment: "emoneyout-ars_001",
    account: ("cbu", None),
    account_digits: 22,
    prices: (35_000, 240_000, 2_500),
    fans: [
        fan("Carlos", "López", "carlos.lopez@example.com", "30567890"),
        fan("Ana", "Martínez", "ana.martinez@example.com", "28901234"),
        fan("Lucía", "Ferreyra", "lu.ferreyra@example.net", "38112907"),
        fan("Matías", "Giménez", "mati.gimenez@example.com", "35440218"),
        fan("Sofía", "Acosta", "sofia.acosta@example.org", "40218733"),
        fan("Nicolás", "Pereyra", "nico.pereyra@example.com", "33987120"),
        fan("Julieta", "Romano", "julieta.romano@example.net", "41700345"),
        fan("Tomás", "Benítez", "tomas.benitez@example.com", "37655012"),
    ],
};

static COLOMBIA: Country = Country {
    document: "CC",
    payment: "emoneyout-cop_051",
    account: ("bank_account", Some("bank_account_type")),
    account_digits: 11,
    prices: (90_000, 780_000, 10_000),
    fans: [
        fan("Andrés", "Quintero", "andres.quintero@example.com", "1020745611"),
        fan("Laura", "Restrepo", "laura.restrepo@example.net", "1037622190"),
        fan("Felipe", "Zuluaga", "felipe.zuluaga@example.com", "79882014"),
        fan("Mariana", "Cárdenas", "mariana.c@example.org", "1152690077"),
        fan("Santiago", "Mejía", "santi.mejia@example.com", "1088312455"),
        fan("Daniela", "Pardo", "daniela.pardo@example.com", "52998730"),
        fan("Juan", "Hoyos", "juan.hoyos@example.net", "71345902"),
        fan("Paula", "Vélez", "paula.velez@example.com", "43871265"),
    ],
};

/// The shows on sale.
pub(super) static SHOWS: [Show; 6] = [
    Show { show: "8544", event: "8544", venue: "FOROAURORA", options: &["36790", "36821", "36822"], country: &MEXICO },
    Show { show: "239616", event: "12746", venue: "ESTADIONORTE", options: &["51200", "51204"], country: &MEXICO },
    Show { show: "7322", event: "7322", venue: "LUNARIO", options: &["40110", "40111", "40118"], country: &ARGENTINA },
    Show { show: "7391", event: "7388", venue: "TEATROSUR", options: &["41002", "41003"], country: &ARGENTINA },
    Show { show: "9105", event: "9105", venue: "PARQUECENTRAL", options: &["60021", "60022"], country: &COLOMBIA },
    Show { show: "9140", event: "9137", venue: "COLISEOANDINO", options: &["61500"], country: &COLOMBIA },
];
