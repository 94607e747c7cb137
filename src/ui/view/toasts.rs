//! What is to be known for a few seconds: at the right end of the body's last lines.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::ui::action::Action;
use crate::ui::batch::Phase;
use crate::ui::model::Model;
use crate::ui::theme::Role;
use crate::ui::{text, when};

pub(super) fn draw(canvas: &mut Canvas<'_>, body: Rect, model: &Model) {
    let most = usize::from(body.width.saturating_sub(6));
    let mut y = body.bottom();
    // What can be called back is lowest: nothing else there is as pressing.
    let said = held_back(model).chain(model.toasts.iter().rev().map(|toast| (toast.text.clone(), toast.role)));
    for (says, role) in said {
        let lines = text::wrap(&text::visible(&says), most.min(90));
        let width = lines.iter().map(|line| text::width(line)).max().unwrap_or(0) as u16 + 4;
        let height = lines.len() as u16 + 2;
        if y < body.y + height {
            return;
        }
        y -= height;
        let area = Rect { x: body.right().saturating_sub(width + 1), y, width, height };
        canvas.clear(area);
        let inside = canvas.frame(area, role, &[], "");
        for (line, y) in lines.iter().zip(inside.top()..inside.bottom()) {
            canvas.text(inside.x + 1, y, inside.width, role, line);
        }
    }
}

/// Orders that are still to be given, and what calls them back.
fn held_back(model: &Model) -> impl Iterator<Item = (String, Role)> {
    let key = model.keys.named(Action::Undo);
    let waiting = model.held_back.waiting().iter().rev().map(move |one| {
        let seconds = one.seconds(model.pace.uptime());
        let (is, it) = (one.one_or_many("is", "are"), one.one_or_many("it", "them"));
        (format!("{} {is} sent again in {seconds} s: `{key}` calls {it} back", one.about), Role::Held)
    });
    let runs = model.batch.as_ref().filter(|batch| batch.phase == Phase::Runs).map(|batch| {
        let tally = batch.tally();
        let given = when::count((tally.done + tally.refused) as u64);
        let key = model.keys.named(Action::Undo);
        let says = format!("{}: {given} of {} ordered: `{key}` calls the rest back", batch.verb(), batch.about());
        (says, Role::Busy)
    });
    waiting.chain(runs)
}
