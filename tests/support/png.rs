//! SVG as PNG with the fonts of `fixtures/fonts` and no others, so that it comes out alike everywhere.

use resvg::{tiny_skia, usvg};

const FONTS: [&str; 2] = ["DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"];
const FAMILY: &str = "DejaVu Sans Mono";
/// Twice the size on paper, for sharp letters on dense screens.
const SCALE: f32 = 2.0;

/// Renders an SVG.
pub fn render(svg: &str) -> Vec<u8> {
    let mut options = usvg::Options { font_family: FAMILY.to_owned(), ..usvg::Options::default() };
    let fonts = options.fontdb_mut();
    for font in FONTS {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fonts/").to_owned() + font;
        fonts.load_font_file(&path).unwrap_or_else(|error| panic!("{path} could not be read: {error}"));
    }
    fonts.set_monospace_family(FAMILY);
    let tree = usvg::Tree::from_str(svg, &options).expect("an SVG of our own making");
    let size = tree.size().to_int_size().scale_by(SCALE).expect("a picture that is not empty");
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).expect("a picture that is not empty");
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().expect("pixels to be encoded")
}
