using FastForward.Host.Actors;

namespace FastForward.Tests.Host;

public sealed class RecencyListTests
{
    [Test]
    public void The_oldest_is_the_one_not_used_for_the_longest_time()
    {
        RecencyList<Item> list = new();
        Item a = new(),
            b = new(),
            c = new();
        list.Add(a, TimeSpan.FromMicroseconds(1));
        list.Add(b, TimeSpan.FromMicroseconds(2));
        list.Add(c, TimeSpan.FromMicroseconds(3));
        Assert.That(list.Oldest, Is.SameAs(a));
        list.Touch(a, TimeSpan.FromMicroseconds(4));
        Assert.That(list.Oldest, Is.SameAs(b));
        list.Touch(a, TimeSpan.FromMicroseconds(5));
        list.Remove(b);
        Assert.That(list.Oldest, Is.SameAs(c));
        list.Remove(c);
        Assert.That(list.Oldest, Is.SameAs(a));
        Assert.That(a.LastUsed, Is.EqualTo(TimeSpan.FromMicroseconds(5)));
        list.Remove(a);
        Assert.That(list.Oldest, Is.Null);
        Assert.That(list.Count, Is.Zero);
    }

    [Test]
    public void It_agrees_with_a_plain_list_over_random_operations()
    {
        Random random = new(20260101);
        RecencyList<Item> list = new();
        List<Item> model = [];
        for (int step = 0; step < 10_000; step++)
        {
            int choice = random.Next(3);
            if (choice == 0 || model.Count == 0)
            {
                Item added = new();
                list.Add(added, TimeSpan.FromMicroseconds(step));
                model.Add(added);
            }
            else
            {
                Item item = model[random.Next(model.Count)];
                model.Remove(item);
                if (choice == 1)
                {
                    list.Touch(item, TimeSpan.FromMicroseconds(step));
                    model.Add(item);
                }
                else
                {
                    list.Remove(item);
                }
            }

            Assert.That(list.Count, Is.EqualTo(model.Count));
            Assert.That(list.Oldest, Is.SameAs(model.FirstOrDefault()), $"step {step}");
        }
    }

    private sealed class Item : Recent;
}
